"""Logs of millions of entries, fast: nothing of them is kept but what a reader or a writer at their end needs."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from puhui.journal.model import Head
from puhui.journal.sequencer import TILE_TYPE
from puhui.tlog import tiles
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.merkle import HASH_BYTES
from puhui.tlog.notes import Signer
from puhui.tlog.tiles import WIDTH, Edge
from tests.support.logs import Log

ENTRY_BYTES = 300
_REST = b"-" * (ENTRY_BYTES - 20)
_BATCH = 256 * WIDTH


def batches(size: int, batch: int) -> Iterator[list[bytes]]:
    """``size`` entries of 300 bytes, each of its own, made ``batch`` at a time."""
    for first, end in pairwise([*range(0, size, batch), size]):
        yield [b"%020d" % number + _REST for number in range(first, end)]


def edge_of(size: int) -> Edge:
    """The edge of the log of ``size`` such entries."""
    edge = Edge()
    for entries in batches(size, _BATCH):
        edge = tiles.append(edge, entries).edge
    return edge


def log_of_hashes(size: int) -> Log:
    """The log of ``size`` such entries with all tiles of hashes, without the entries."""
    log = Log()
    for entries in batches(size, _BATCH):
        grown = tiles.append(log.edge, entries)
        log.edge = grown.edge
        log.files |= {
            path: tile for path, tile in grown.tiles.items() if not path.startswith("tile/entries/")
        }
    return log


def stand(edge: Edge, *, origin: str, table: Any, objects: Any, signer: Signer) -> None:
    """Make of an empty table and bucket those of the log with this edge, as far as a sequencer that begins anew reads
    them: the head, the signed checkpoint, the tiles and the bundle that are not full."""
    for path, tile in _not_full(edge):
        objects.put_new(path, tile, TILE_TYPE)
    empty, _, _ = table.head()
    assert table.move_head(empty, Head(edge.size, edge.root, "staging/of-a-batch-long-ago"))
    table.put_signed(edge.size, str(Checkpoint(origin, edge.size, edge.root).signed(signer)))


def _not_full(edge: Edge) -> Iterator[tuple[str, bytes]]:
    for level, hashes in enumerate(edge.levels):
        if hashes:
            yield tiles.path(level, edge.size >> 8 * (level + 1), len(hashes) // HASH_BYTES), hashes
    if edge.bundle:
        yield tiles.path("entries", *divmod(edge.size, WIDTH)), edge.bundle
