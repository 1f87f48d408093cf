"""What the sequencer asks of its table and its bucket: the same on the real ones and on those in memory."""

from collections.abc import Callable
from typing import Any

import pytest

from puhui.journal.dynamo import Journal
from puhui.journal.model import Head, Payload, Place, Stream
from puhui.store.client import DynamoDB
from puhui.tlog.merkle import EMPTY_ROOT
from tests.contracts.journal.conftest import ORIGIN
from tests.support.journal_fakes import MemoryObjects, MemoryTable

ROOTS = [bytes([n]) * 32 for n in range(9)]


@pytest.fixture(params=["real", "in memory"])
def table(request: pytest.FixtureRequest, engine: str, make_table: Callable[[str], str]) -> Any:
    return Journal(DynamoDB(), make_table("journal"), ORIGIN) if request.param == "real" else MemoryTable()


@pytest.fixture(params=["real", "in memory"])
def objects(request: pytest.FixtureRequest, bucket: Any) -> Any:
    return bucket if request.param == "real" else MemoryObjects()


def test_the_head_of_an_empty_log_is_that_of_the_empty_tree(table: Any):
    assert table.head() == (Head(0, EMPTY_ROOT, ""), 0, "")


def test_of_two_that_move_the_head_one_wins(table: Any):
    empty, _, _ = table.head()
    first, second = Head(3, ROOTS[1], "staging/a"), Head(4, ROOTS[2], "staging/b")
    assert table.move_head(empty, first)
    assert not table.move_head(empty, second)
    assert table.head()[0] == first
    assert table.move_head(first, second)
    assert not table.move_head(first, Head(5, ROOTS[3], "staging/c"))
    assert table.head()[0] == second


def test_moving_the_head_again_to_where_it_stands_is_no_loss(table: Any):
    empty, _, _ = table.head()
    new = Head(3, ROOTS[1], "staging/a")
    assert table.move_head(empty, new)
    assert table.move_head(empty, new)


def test_a_head_of_the_same_size_but_another_root_is_another_head(table: Any):
    empty, _, _ = table.head()
    assert table.move_head(empty, Head(3, ROOTS[1], "staging/a"))
    assert not table.move_head(Head(3, ROOTS[2], "staging/a"), Head(4, ROOTS[3], "staging/b"))


def test_a_stream_keeps_the_key_it_was_made_with(table: Any):
    assert table.streams(["s"]) == {}
    made = table.open_stream("s", ROOTS[1])
    assert made == table.open_stream("s", ROOTS[2]) == Stream("s", ROOTS[1])
    assert table.streams(["s", "t"]) == {"s": made}


def test_a_stream_never_goes_back(table: Any):
    table.open_stream("s", ROOTS[1])
    for leaf, index in ((ROOTS[2], 5), (ROOTS[3], 4), (ROOTS[4], 5)):
        table.advance([Stream("s", None, leaf, index)])
    assert table.streams(["s"])["s"] == Stream("s", ROOTS[1], ROOTS[2], 5)


def test_places_are_found_by_entry(table: Any):
    places = [Place(f"e{n:03}", n, "s", "transfer") for n in range(230)]
    table.put_places(places)
    table.put_places(places[:3])
    found = table.indices([f"e{n:03}" for n in (229, 0, 117)] + ["nowhere"])
    assert found == {"e229": 229, "e000": 0, "e117": 117}


def test_payloads_may_be_written_again(table: Any):
    payload = Payload("s", "e1", "transfer", ("s",), b"sealed")
    table.put_payloads([payload])
    table.put_payloads([payload])


def test_a_signed_checkpoint_gives_way_to_a_larger_one_only(table: Any):
    for size, note in ((5, "five"), (4, "four"), (5, "another five"), (6, "six")):
        table.put_signed(size, note)
    assert table.head()[1:] == (6, "six")


def test_what_a_witness_saw_is_kept_as_it_was_told(table: Any):
    assert table.witnessed("ngo") == 0
    table.put_witnessed("ngo", 7)
    table.put_witnessed("ngo", 5)
    assert table.witnessed("ngo") == 5


def test_an_object_is_written_once(objects: Any):
    assert objects.get("tile/0/000") is None
    assert objects.put_new("tile/0/000", b"one", "application/octet-stream")
    assert not objects.put_new("tile/0/000", b"two", "application/octet-stream")
    assert objects.get("tile/0/000").body == b"one"


def test_an_object_is_replaced_only_over_the_version_that_was_seen(objects: Any):
    assert objects.replace("checkpoint", b"one", "text/plain", None)
    assert not objects.replace("checkpoint", b"two", "text/plain", None)
    seen = objects.get("checkpoint")
    assert objects.replace("checkpoint", b"two", "text/plain", seen.etag)
    assert not objects.replace("checkpoint", b"three", "text/plain", seen.etag)
    assert objects.get("checkpoint").body == b"two"


def test_replacing_what_is_gone_fails(objects: Any):
    assert not objects.replace("checkpoint", b"two", "text/plain", '"0123456789abcdef0123456789abcdef"')
