"""The sequencer on a table and a bucket in memory: sizes at which tiles end, entries at the limit, what a batch costs."""

from collections import Counter
from typing import Any

import pytest

from puhui.journal import model
from puhui.journal.intake import read
from puhui.journal.model import Event
from puhui.journal.sequencer import Log, recover, sequence
from puhui.kernel import clock
from puhui.tlog import entries
from puhui.tlog.errors import Malformed
from puhui.tlog.notes import ED25519, LocalSigner
from puhui.tlog.tiles import Edge, Tree, replay
from tests.support.journal_fakes import MemoryObjects, MemoryTable

AT = "2026-11-21T08:30:00+08:00"


def new_log(table: Any = None, objects: Any = None) -> Log:
    signer = LocalSigner("journal.test", ED25519, b"k" * 32)
    return Log("journal.test", table or MemoryTable(), objects or MemoryObjects(), signer, b"p" * 32)


def events(first: int, end: int) -> list[Event]:
    return [Event(f"e{n:06}", "transfer", AT, (f"member:{n % 50}",), {"n": n}) for n in range(first, end)]


def check(log: Log, size: int) -> None:
    head = recover(new_log(log.table, log.objects))
    assert head.size == size
    tree = Tree(lambda path: log.objects.objects[path], size)
    found = [entries.parse(leaf) for _, part in replay(tree, head.root) for leaf in part]
    assert [entry.id for entry in found] == [f"e{n:06}" for n in range(size)]


def test_nothing_is_sequenced_into_nothing():
    log = new_log()
    assert sequence([], log=log).appended == 0
    assert log.table.head()[0].size == 0
    assert log.objects.objects == {}


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 513])
@pytest.mark.parametrize("batch", [1, 100, 256, 1000])
def test_a_log_of_any_size_in_any_batches_is_whole(size: int, batch: int):
    log = new_log()
    for first in range(0, size, batch):
        assert sequence(events(first, min(size, first + batch)), log=log).appended > 0
    check(log, size)


def test_a_log_that_passes_65536_entries_is_whole_at_each_size_around_it():
    log = new_log()
    done = 0
    for size in (0, 65_534, 65_535, 65_536, 65_537, 65_538):
        sequence(events(done, size), log=log)
        done = size
        if size > 65_534:
            check(log, size)
            recover(cold := new_log(log.table, log.objects))
            assert cold.edge == log.edge


def test_a_process_that_begins_anew_goes_on_where_the_last_one_was():
    log = new_log()
    for first in range(0, 700, 70):
        log = new_log(log.table, log.objects)
        sequence(events(first, first + 70), log=log)
    check(log, 700)


def long_event(bytes_of_id: int) -> Event:
    return Event("x" * bytes_of_id, "transfer", AT, ("member:1",), {})


def test_an_entry_of_exactly_the_limit_is_taken_and_one_byte_more_is_not():
    bare = len(bytes(model.entry(long_event(0), b"k" * 32, b"k" * 32)))
    longest = long_event(65_535 - bare)
    assert len(bytes(model.entry(longest, b"k" * 32, b"k" * 32))) == 65_535
    with pytest.raises(Malformed):
        bytes(model.entry(long_event(65_536 - bare), b"k" * 32, b"k" * 32))
    log = new_log()
    assert sequence([*events(0, 3), longest, *events(3, 4)], log=log).appended == 5
    assert sequence([longest], log=log).repeated == 1
    tree = Tree(lambda path: log.objects.objects[path], 5)
    assert [len(leaf) for leaf in tree.bundle(0)][3] <= 65_535


@pytest.mark.parametrize("content", [{"n": 2**53 + 1}, {"n": float("nan")}, {"n": {1, 2}}])
def test_what_has_no_canonical_form_is_no_event(content: dict[str, Any]):
    with pytest.raises(Malformed):
        bytes(model.entry(Event("e", "transfer", AT, ("member:1",), content), b"k" * 32, None))


def test_emoji_and_chinese_in_an_event_are_committed_to_exactly():
    event = Event("e", "transfer", AT, ("member:1",), {"😀": "一", "ﬁ": "二", "é": "三"})
    entry = model.entry(event, b"k" * 32, None)
    entries.check_opening(entry, model.salt(b"k" * 32, "e"), dict(reversed(event.content.items())))


class Counted:
    """Counts the calls of whatever it stands before."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.calls = inner, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def counted(*arguments: Any) -> Any:
            self.calls[name] += 1
            return value(*arguments)

        return counted


@pytest.mark.parametrize("size", [300, 66_000])
def test_a_warm_batch_costs_one_write_of_the_head_and_nothing_that_grows_with_the_log(size: int):
    table, objects = Counted(MemoryTable()), Counted(MemoryObjects())
    log = new_log(table, objects)
    sequence(events(0, size), log=log)
    table.calls.clear()
    objects.calls.clear()
    sequence(events(size, size + 10), log=log)
    assert table.calls["move_head"] == table.calls["put_signed"] == table.calls["head"] == 1
    assert objects.calls["get"] == 0
    assert (
        objects.calls["put_new"] <= 1 + 2 * 3
    )  # the staging, and of each level and the entries what changed


def test_the_edge_does_not_grow_with_the_log():
    log = new_log()
    for first in range(0, 70_000, 7_000):
        sequence(events(first, first + 7_000), log=log)
        assert sum(map(len, log.edge.levels)) <= 3 * 255 * 32
        assert len(log.edge.bundle) <= 255 * 400
    assert isinstance(log.edge, Edge)


def test_images_that_leave_no_entry_are_passed_over():
    now = clock.from_text(AT)
    images = [
        ("ledger", {"account": "member:1", "entry": "B#carbon-88", "points": 5}, now),
        ("ledger", {"account": "member:1", "entry": "H#01"}, now),
        (
            "activities",
            {"owner": "member:1", "entry": "A#01", "first": "credited", "status": "credited"},
            now,
        ),
        (
            "activities",
            {"owner": "member:1", "entry": "A#02", "first": "verifying", "status": "verifying"},
            now,
        ),
        ("activities", {"owner": "member:1", "entry": "D#2026-11-21"}, now),
        ("journal", {"stream": "S#a", "entry": "P#e1", "sealed": b"..."}, now),
        ("journal", {"stream": "H#a", "entry": "head"}, now),
        ("ledger", None, now),
    ]
    assert read(images) == ([], [])


def test_a_retirement_is_told_as_one():
    item = {
        "account": "organisation:o1",
        "entry": "T#01RETIRED",
        "kind": "retirement",
        "at": AT,
        "legs": [
            {"account": "organisation:o1", "asset": "CO2E:carbon-88:2026", "amount": -5},
            {"account": "retired:carbon-88", "asset": "CO2E:carbon-88:2026", "amount": 5},
        ],
        "reference": "",
    }
    ((event,), poison) = read([("ledger", item, clock.from_text(AT))])
    assert (event.type, event.id, event.subjects, poison) == (
        "retirement",
        "01RETIRED",
        ("organisation:o1",),
        [],
    )


def test_a_transfer_in_two_statements_is_told_once():
    def item(account: str) -> dict[str, Any]:
        legs = [
            {"account": member, "asset": "PTS:carbon-88", "amount": amount, "lot": "2028-11"}
            for member, amount in (("member:a", -5), ("member:b", 5))
        ]
        return {"account": account, "entry": "T#01", "kind": "gift", "at": AT, "legs": legs}

    found, _ = read([("ledger", item(account), clock.from_text(AT)) for account in ("member:b", "member:a")])
    assert [(event.id, event.subjects) for event in found] == [("01", ("member:a", "member:b"))]
