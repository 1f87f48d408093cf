"""What the journal does for a batch or a proof does not grow with the log, counted: no clock is looked at."""

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import count, islice
from typing import Any

import pytest

from puhui.journal.model import Event
from puhui.journal.sequencer import Log, recover, sequence
from puhui.tlog.merkle import HASH_BYTES, check_consistency, check_inclusion
from puhui.tlog.notes import ED25519, LocalSigner
from puhui.tlog.tiles import WIDTH, Tree, append
from tests.support import logs
from tests.support.journal_fakes import MemoryObjects, MemoryTable
from tests.support.large_logs import ENTRY_BYTES, batches, log_of_hashes, stand

LARGE = 1_000_000
SMALL = LARGE % WIDTH**2  # 16,960 entries, at whose end the lower tiles are as full as at a million's
LEVELS = 3
INDICES = sorted(
    {0, 1, 255, 256, 65_535, 65_536, LARGE // 2, LARGE - 65, LARGE - 64, LARGE - 1}
    | set(random.Random(1).sample(range(LARGE), 100))
)

log_of = cache(log_of_hashes)


class Metered:
    """A table or a bucket that keeps of each call its name, how many items it is about and how many bytes it writes."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.asked: list[tuple[str, int, int]] = []

    def __getattr__(self, name: str) -> Any:
        def metered(*arguments: Any) -> Any:
            items = sum(len(each) for each in arguments if isinstance(each, list))
            written = sum(len(each) for each in arguments if isinstance(each, bytes))
            self.asked.append((name, items, written))
            return getattr(self._inner, name)(*arguments)

        return metered


def standing(size: int) -> tuple[Log, Metered, Metered]:
    """A log of this size in memory, for a process that begins anew."""
    table, objects = Metered(MemoryTable()), Metered(MemoryObjects())
    signer = LocalSigner("journal.test", ED25519, b"k" * 32)
    stand(log_of(size).edge, origin="journal.test", table=table, objects=objects, signer=signer)
    table.asked.clear()
    objects.asked.clear()
    return Log("journal.test", table, objects, signer, b"p" * 32), table, objects


def events() -> Iterator[Event]:
    at = "2026-11-21T08:30:00+08:00"
    return (Event(f"e{n:06}", "transfer", at, (f"member:{n % 50}",), {"n": f"{n:06}"}) for n in count())


@pytest.mark.parametrize("length", [1, 100, 1000])
def test_a_batch_asks_for_as_much_at_a_million_entries_as_at_17_thousand(length: int) -> None:
    counts, written = [], []
    for size in (SMALL, LARGE):
        log, table, objects = standing(size)
        coming = events()
        sequence(islice(coming, 100), log=log)
        table.asked.clear()
        objects.asked.clear()
        done = sequence(islice(coming, length), log=log)
        assert (done.appended, done.size) == (length, size + 100 + length)
        counts.append(Counter((name, items) for name, items, _ in [*table.asked, *objects.asked]))
        written.append(sum(size for _, _, size in objects.asked))
    assert counts[0] == counts[1]
    assert abs(written[1] - written[0]) < 10  # but for the digits of the log's size in the staging


def test_a_process_that_begins_anew_reads_a_tile_a_level_and_a_bundle() -> None:
    log, table, objects = standing(LARGE)
    assert recover(log).size == LARGE
    assert [name for name, _, _ in table.asked] == ["head"]
    assert [name for name, _, _ in objects.asked] == ["get"] * (LEVELS + 1)


def test_the_edge_of_a_million_entries_is_at_most_a_tile_a_level_and_a_bundle() -> None:
    for edge in (log_of(SMALL).edge, log_of(LARGE).edge):
        for entries in batches(2 * WIDTH, 64):
            edge = append(edge, entries).edge  # noqa: PLW2901
            assert sum(map(len, edge.levels)) < LEVELS * WIDTH * HASH_BYTES
            assert len(edge.bundle) < WIDTH * (2 + ENTRY_BYTES)


def counting_tree(size: int, read: Counter[str]) -> Tree:
    """The tree of a large log's first ``size`` entries, which counts in ``read`` the tiles that it gets, by level."""

    def fetch(path: str) -> bytes:
        read[path.split("/")[1]] += 1
        return log.fetch(path)

    log: logs.Log = log_of(LARGE)
    return Tree(fetch, size)


def test_a_proof_of_inclusion_reads_at_most_two_tiles_a_level() -> None:
    root = log_of(LARGE).edge.root
    for index in INDICES:
        read = Counter[str]()
        proof = counting_tree(LARGE, read).inclusion_proof(index)
        check_inclusion(log_of(LARGE).tree().leaf(index), index, LARGE, proof, root)
        assert set(read) <= {"0", "1", "2"}
        assert max(read.values()) <= 2, index


def test_a_proof_of_consistency_reads_at_most_two_tiles_a_level() -> None:
    root = log_of(LARGE).edge.root
    for old in INDICES[1:]:
        read = Counter[str]()
        proof = counting_tree(LARGE, read).consistency_proof(old)
        check_consistency(old, Tree(log_of(LARGE).fetch, old, LARGE).root(), LARGE, root, proof)
        assert set(read) <= {"0", "1", "2"}
        assert max(read.values()) <= 2, old
