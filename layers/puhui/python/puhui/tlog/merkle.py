"""The Merkle tree of RFC 6962, section 2: hashes, roots, and proofs of inclusion and of consistency.

A proof is first a list of ranges of leaves, ``(first, end)``, whose subtree hashes it consists of: whoever has the tree
looks them up (``tiles.Tree``), whoever has the proof folds them (``root_by_inclusion``, ``check_consistency``: the
algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2).
"""

from collections.abc import Sequence
from hashlib import sha256

from puhui.tlog.errors import NotProved

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
PROOF_HASHES_MAX = 63

Range = tuple[int, int]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: bytes) -> bytes:
    """The root over a power of two of hashes, given one after the other."""
    while len(hashes) > HASH_BYTES:
        pairs = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join([sha256(b"\x01" + hashes[i : i + 64]).digest() for i in pairs])
    return hashes


def fold(roots: list[bytes]) -> bytes:
    """The root of a tree that consists of perfect trees, largest first."""
    whole = roots[-1]
    for root in reversed(roots[:-1]):
        whole = node_hash(root, whole)
    return whole


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """What proves that leaf ``index`` is in the tree of ``size`` leaves, nearest first. Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    ranges, first, end = [], 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    return ranges[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """What proves that the tree of ``old`` leaves is the beginning of the one of ``size``. Raises ValueError."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {old} is not the beginning of one of {size}")
    if old in (0, size):
        return []
    ranges, first, end = [], 0, size
    while end != old:
        middle = first + _split(end - first)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    return [*([(first, end)] if first else []), *ranges[::-1]]


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of the tree of ``size`` leaves in which ``leaf`` is at ``index`` according to the proof.

    Raises NotProved when the proof cannot belong to that place.
    """
    _require_hashes([leaf, *proof])
    if not 0 <= index < size:
        raise NotProved(f"there is no leaf {index} in a tree of {size}")
    at, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise NotProved("the proof has more hashes than the tree has levels")
        if at & 1 or at == last:
            root = node_hash(sibling, root)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise NotProved("the proof has fewer hashes than the tree has levels")
    return root


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise NotProved unless ``leaf`` is at ``index`` of the tree with this size and root."""
    if root_by_inclusion(leaf, index, size, proof) != root:
        raise NotProved(f"leaf {index} is not in the tree of {size}: its proof leads to another root")


def check_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise NotProved unless the tree of ``old`` leaves is the beginning of the one of ``size``."""
    _require_hashes([old_root, root, *proof])
    if not 0 <= old <= size:
        raise NotProved(f"a tree of {size} does not extend one of {old}")
    if old in (0, size):
        _check_trivial(old, old_root, size, root, proof)
        return
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not hashes:
        raise NotProved("the proof is empty")
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise NotProved("the proof has more hashes than the tree has levels")
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    if (before, after, last) != (old_root, root, 0):
        raise NotProved(f"the tree of {size} does not extend the one of {old}: something before was changed")


def _check_trivial(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise NotProved("between these two sizes only an empty proof can be right")
    if old == 0 and old_root != EMPTY_ROOT:
        raise NotProved("the empty tree has another root")
    if old == size and old_root != root:
        raise NotProved(f"two trees of {size} leaves have different roots: the log shows two faces")


def _require_hashes(hashes: Sequence[bytes]) -> None:
    if len(hashes) > PROOF_HASHES_MAX + 2 or any(len(each) != HASH_BYTES for each in hashes):
        raise NotProved("a proof consists of at most 63 hashes of 32 bytes")


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1
