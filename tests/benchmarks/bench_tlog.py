"""The journal's pure core: appends beside hashlib's own rate and pymerkle's, proofs from tiles, receipts.

CPU time of this process; entries are made outside of what is timed. The floor is one hash of each entry and one of a node,
their bytes ready made, in the tightest loop that Python has.
"""

import random
import tracemalloc
from collections.abc import Callable, Sequence
from hashlib import sha256
from time import process_time
from typing import Any

from pymerkle import InmemoryTree, verify_inclusion

from puhui.tlog import policy, receipts, tiles
from puhui.tlog.merkle import check_consistency, check_inclusion
from puhui.tlog.tiles import Edge
from tests.support.large_logs import batches, log_of_hashes
from tests.support.logs import Log

BATCH = 1000
SIZES = (10_000, 1_000_000, 10_000_000)
ENTRIES_MIN = 200_000  # a smaller log is made anew until so many were appended
FLOOR_EVERY = 10
PYMERKLE_ENTRIES = 100_000
PROOFS = 2000
PROOF_SIZES = (10_000, 1_000_000)
NODE = b"\x01" + bytes(64)


def run() -> dict[str, Any]:
    """Figures by name."""
    figures: dict[str, Any] = {}
    for size in SIZES:
        figures |= _appends(size)
    figures |= _pymerkle()
    for size in PROOF_SIZES:
        figures |= _proofs(size)
    return figures


def _appends(size: int) -> dict[str, Any]:
    first, last, every, floors = [], [], [], []
    for _ in range(max(1, ENTRIES_MIN // size)):
        edge, ours, hashes = _grow(size)
        tenth = len(ours) // 10
        first += ours[:tenth]
        last += ours[-tenth:]
        every += ours
        floors += hashes
    rate, floor = _rate(every), _rate(floors)
    name = f"append to {size:,}"
    return {
        f"{name}, entries/s": round(rate),
        f"{name}, hashlib's floor, entries/s": round(floor),
        f"{name} / floor (aim: above 0.5)": round(rate / floor, 2),
        f"{name}, the first tenth, entries/s": round(_rate(first)),
        f"{name}, the last tenth, entries/s": round(_rate(last)),
        f"{name}, last / first (flat: 1)": round(_rate(last) / _rate(first), 2),
        f"{name}, the edge, bytes": sum(map(len, edge.levels)) + len(edge.bundle),
        f"{name}, the most that {BATCH} more hold at once, KB": _peak(edge),
    }


def _grow(size: int) -> tuple[Edge, list[float], list[float]]:
    """The edge in the end, and the seconds of each append and of every tenth batch's hashes alone."""
    edge, ours, floors = Edge(), [], []
    for number, entries in enumerate(batches(size, BATCH)):
        seconds, growth = _timed(lambda edge=edge, entries=entries: tiles.append(edge, entries))
        edge = growth.edge
        ours.append(seconds)
        if number % FLOOR_EVERY == 0:
            floors.append(_floor(entries))
    return edge, ours, floors


def _floor(entries: Sequence[bytes]) -> float:
    leaves, nodes = [b"\x00" + entry for entry in entries], [NODE] * len(entries)
    started = process_time()
    [sha256(leaf).digest() for leaf in leaves]
    [sha256(node).digest() for node in nodes]
    return process_time() - started


def _rate(seconds: Sequence[float]) -> float:
    return BATCH * len(seconds) / sum(seconds)


def _peak(edge: Edge) -> int:
    (entries,) = batches(BATCH, BATCH)
    tracemalloc.start()
    tiles.append(edge, entries)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(peak / 1024)


def _pymerkle() -> dict[str, Any]:
    tree = InmemoryTree(algorithm="sha256")
    seconds, edge = 0.0, Edge()
    for entries in batches(PYMERKLE_ENTRIES, BATCH):
        spent, _ = _timed(lambda entries=entries: [tree.append_entry(entry) for entry in entries])
        seconds += spent
        edge = tiles.append(edge, entries).edge
    root = tree.get_root()
    assert root == edge.root
    indices = _indices(PYMERKLE_ENTRIES)
    proving, proofs = _timed(lambda: [tree.prove_inclusion(index + 1) for index in indices])
    leaves = [tree.get_leaf(index + 1) for index in indices]
    checking, _ = _timed(
        lambda: [verify_inclusion(leaf, root, each) for leaf, each in zip(leaves, proofs, strict=True)]
    )
    return {
        f"pymerkle, append to {PYMERKLE_ENTRIES:,}: entries/s": round(PYMERKLE_ENTRIES / seconds),
        "pymerkle, inclusion proofs/s, whole tree in memory": round(PROOFS / proving),
        "pymerkle, inclusion verified/s": round(PROOFS / checking),
    }


def _proofs(size: int) -> dict[str, Any]:
    log = log_of_hashes(size)
    root, indices = log.edge.root, _indices(size)
    olds = [index + 1 for index in indices]
    roots = [log.tree(old).root() for old in olds]
    leaves = [log.tree().leaf(index) for index in indices]
    including, included = _timed(lambda: [log.tree().inclusion_proof(index) for index in indices])
    extending, extended = _timed(lambda: [log.tree().consistency_proof(old) for old in olds])
    checked, _ = _timed(
        lambda: [
            check_inclusion(leaf, index, size, proof, root)
            for leaf, index, proof in zip(leaves, indices, included, strict=True)
        ]
    )
    followed, _ = _timed(
        lambda: [
            check_consistency(old, old_root, size, root, proof)
            for old, old_root, proof in zip(olds, roots, extended, strict=True)
        ]
    )
    return {
        f"of {size:,}, inclusion proofs/s, each from tiles anew": round(PROOFS / including),
        f"of {size:,}, tiles read a proof: mean, most": _reads(log, lambda tree, i: tree.inclusion_proof(i)),
        f"of {size:,}, consistency proofs/s, each from tiles anew": round(PROOFS / extending),
        f"of {size:,}, tiles read a proof of consistency: mean, most": _reads(
            log, lambda tree, i: tree.consistency_proof(i + 1)
        ),
        f"of {size:,}, inclusion verified/s": round(PROOFS / checked),
        f"of {size:,}, consistency verified/s": round(PROOFS / followed),
        **_receipts(log, indices[0], leaves[0]),
    }


def _reads(log: Log, prove: Callable[[tiles.Tree, int], object]) -> str:
    """How many tiles a proof reads, of the same places."""
    counts = []
    for index in _indices(log.size):
        read: list[str] = []

        def fetch(path: str, read: list[str] = read) -> bytes:
            read.append(path)
            return log.fetch(path)

        prove(tiles.Tree(fetch, log.size), index)
        counts.append(len(read))
    return f"{sum(counts) / len(counts):.1f}, {max(counts)}"


def _receipts(log: Log, index: int, leaf: bytes) -> dict[str, Any]:
    receipt, quorum = str(log.receipt(index)).encode(), policy.parse(log.policy())
    rounds = range(PROOFS // 10)
    seconds, _ = _timed(lambda: [receipts.check(receipts.parse(receipt), leaf, quorum) for _ in rounds])
    return {
        f"of {log.size:,}, a receipt with three cosignatures, bytes": len(receipt),
        f"of {log.size:,}, receipts checked/s (four signatures each)": round(len(rounds) / seconds),
    }


def _indices(size: int) -> list[int]:
    chance = random.Random(size)
    return [chance.randrange(size) for _ in range(PROOFS)]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = process_time()
    answer = work()
    return process_time() - started, answer
