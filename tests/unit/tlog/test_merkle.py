"""Hashes, roots and proofs against the definitions of RFC 6962."""

import functools
from collections.abc import Callable

import pytest

from puhui.tlog import merkle, tiles
from puhui.tlog.errors import NotProved
from tests.support import naive_tree

# The eight leaves that implementations of RFC 6962 try themselves on, and how the roots of the first one, two, ... begin.
REFERENCE_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    ("6e340b9c", "a01d"),
    ("fac54203", "c125"),
    ("aeb6bcfe", "6e77"),
    ("d37ee418", "14b7"),
    ("4e3bbb1f", "64d4"),
    ("76e67dad", "87ef"),
    ("ddb89be4", "4c8c"),
    ("5dc9da79", "4328"),
]
EXHAUSTIVE = 70


def small_log(size: int) -> tuple[list[bytes], tiles.Tree]:
    """The hashes of ``size`` leaves, and the log of them."""
    entries = [b"leaf %d" % number for number in range(size)]
    stored = tiles.append(tiles.Edge(), entries).tiles
    return [naive_tree.leaf(entry) for entry in entries], tiles.Tree(stored.__getitem__, size)


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_of_the_reference_leaves_are_the_known_ones(size: int) -> None:
    root = naive_tree.mth([naive_tree.leaf(each) for each in REFERENCE_LEAVES[:size]])
    begins, ends = REFERENCE_ROOTS[size - 1]
    assert root.hex().startswith(begins)
    assert root.hex().endswith(ends)
    assert tiles.append(tiles.Edge(), REFERENCE_LEAVES[:size]).edge.root == root


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tiles.Edge().root == merkle.EMPTY_ROOT == naive_tree.mth([])


def test_a_leaf_and_a_node_over_the_same_bytes_have_different_hashes() -> None:
    left, right = b"l" * 32, b"r" * 32
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
    assert merkle.node_hash(left, right) != merkle.node_hash(right, left)


@pytest.mark.parametrize("size", range(1, EXHAUSTIVE + 1))
def test_each_entry_of_a_small_tree_is_proved_and_only_in_its_place(size: int) -> None:
    leaves, tree = small_log(size)
    root = naive_tree.mth(leaves)
    assert tree.root() == root
    for index, leaf in enumerate(leaves):
        proof = tree.inclusion_proof(index)
        assert proof == naive_tree.path(index, leaves)
        merkle.check_inclusion(leaf, index, size, proof, root)
        for other in {index - 1, index + 1, size - 1 - index, size} - {index}:
            with pytest.raises(NotProved):
                merkle.check_inclusion(leaf, other, size, proof, root)


@pytest.mark.parametrize("size", range(1, EXHAUSTIVE + 1))
def test_a_small_tree_extends_each_smaller_one(size: int) -> None:
    leaves, tree = small_log(size)
    root = naive_tree.mth(leaves)
    for old in range(1, size + 1):
        proof = tree.consistency_proof(old)
        assert proof == naive_tree.proof(old, leaves)
        merkle.check_consistency(old, naive_tree.mth(leaves[:old]), size, root, proof)
        with pytest.raises(NotProved):
            merkle.check_consistency(old, naive_tree.mth([*leaves[:old], b"x" * 32]), size, root, proof)


def test_the_empty_tree_is_the_beginning_of_each_and_only_an_empty_proof_says_so() -> None:
    leaves, _ = small_log(5)
    root = naive_tree.mth(leaves)
    merkle.check_consistency(0, merkle.EMPTY_ROOT, 5, root, [])
    with pytest.raises(NotProved, match="empty proof"):
        merkle.check_consistency(0, merkle.EMPTY_ROOT, 5, root, [root])
    with pytest.raises(NotProved, match="empty tree"):
        merkle.check_consistency(0, root, 5, root, [])


def test_two_roots_of_one_size_are_two_faces() -> None:
    one, other = merkle.leaf_hash(b"one"), merkle.leaf_hash(b"other")
    merkle.check_consistency(1, one, 1, one, [])
    with pytest.raises(NotProved, match="two faces"):
        merkle.check_consistency(1, one, 1, other, [])
    with pytest.raises(NotProved, match="empty proof"):
        merkle.check_consistency(1, one, 1, one, [one])


@pytest.mark.parametrize(("old", "size"), [(5, 4), (-1, 4), (1, 0)])
def test_a_log_does_not_shrink(old: int, size: int) -> None:
    with pytest.raises(NotProved):
        merkle.check_consistency(old, b"a" * 32, size, b"a" * 32, [])
    with pytest.raises(ValueError, match="not the beginning"):
        merkle.consistency_ranges(old, size)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (4, 4), (-1, 4)])
def test_there_is_no_proof_for_an_entry_outside(index: int, size: int) -> None:
    with pytest.raises(NotProved, match="there is no leaf"):
        merkle.check_inclusion(b"a" * 32, index, size, [], b"a" * 32)
    with pytest.raises(ValueError, match="there is no leaf"):
        merkle.inclusion_ranges(index, size)


@pytest.mark.parametrize("odd", [b"", b"a" * 31, b"a" * 33, b"a" * 64])
def test_only_hashes_of_32_bytes_count(odd: bytes) -> None:
    leaves, tree = small_log(3)
    root = tree.root()
    for leaf, proof in [(odd, tree.inclusion_proof(0)), (leaves[0], [odd, *tree.inclusion_proof(0)[1:]])]:
        with pytest.raises(NotProved):
            merkle.check_inclusion(leaf, 0, 3, proof, root)
    with pytest.raises(NotProved):
        merkle.check_inclusion(leaves[0], 0, 3, tree.inclusion_proof(0), odd)
    for old_root, new_root in [(odd, odd), (odd, root), (root, odd)]:
        with pytest.raises(NotProved, match="32 bytes"):
            merkle.check_consistency(3, old_root, 3, new_root, [])


def test_a_proof_that_never_ends_is_refused_before_it_is_read() -> None:
    with pytest.raises(NotProved, match="63"):
        merkle.check_inclusion(b"a" * 32, 0, 2**62, [b"a" * 32] * 1000, b"a" * 32)
    with pytest.raises(NotProved, match="63"):
        merkle.check_consistency(1, b"a" * 32, 2**62, b"a" * 32, [b"a" * 32] * 1000)


def _mutations(proof: list[bytes], first: bytes, second: bytes) -> dict[str, list[bytes]]:
    """What may happen to a proof on its way."""
    changed: dict[str, list[bytes]] = {
        "truncated": proof[:-1],
        "without its first hash": proof[1:],
        "empty": [],
        "followed by an empty hash": [*proof, b""],
        "preceded by an empty hash": [b"", *proof],
        "followed by a root": [*proof, first],
        "followed by the other root": [*proof, second],
        "preceded by a root": [first, *proof],
        "preceded by the other root": [second, *proof],
        "with its first hash twice": [*proof[:1], *proof],
        "with its last hash twice": [*proof, *proof[-1:]],
        "backwards": proof[::-1],
    }
    for at, each in enumerate(proof):
        changed[f"with a bit of hash {at} flipped"] = [
            *proof[:at],
            bytes([each[0] ^ 0x10]) + each[1:],
            *proof[at + 1 :],
        ]
    return {name: mutated for name, mutated in changed.items() if mutated != proof}


def _accepts(check: Callable[..., None], proof: list[bytes]) -> bool:
    try:
        check(proof=proof)
    except NotProved:
        return False
    return True


@pytest.mark.parametrize(
    ("index", "size"), [(0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (4, 7), (255, 257), (256, 257)]
)
def test_a_changed_proof_of_inclusion_is_refused(index: int, size: int) -> None:
    leaves, tree = small_log(size)
    root = tree.root()
    changed = _mutations(tree.inclusion_proof(index), leaves[index], root)
    check = functools.partial(merkle.check_inclusion, leaves[index], index, size, root=root)
    assert [name for name, proof in changed.items() if _accepts(check, proof)] == []


@pytest.mark.parametrize(
    ("old", "size"), [(1, 1), (1, 8), (6, 8), (2, 5), (6, 7), (255, 256), (256, 257), (300, 600)]
)
def test_a_changed_proof_of_consistency_is_refused(old: int, size: int) -> None:
    leaves, tree = small_log(size)
    before, after = naive_tree.mth(leaves[:old]), tree.root()
    changed = _mutations(tree.consistency_proof(old), before, after)
    check = functools.partial(merkle.check_consistency, old, before, size, after)
    assert [name for name, proof in changed.items() if _accepts(check, proof)] == []


@pytest.mark.parametrize(("old", "size"), [(1, 8), (6, 8), (2, 5), (6, 7), (255, 256), (300, 600)])
def test_a_proof_of_consistency_belongs_to_its_sizes_and_roots(old: int, size: int) -> None:
    leaves, tree = small_log(size)
    before, after, proof = naive_tree.mth(leaves[:old]), tree.root(), tree.consistency_proof(old)
    for wrong in {old - 1, old + 1, old ^ 2, size} - {old}:
        with pytest.raises(NotProved):
            merkle.check_consistency(wrong, before, size, after, proof)
    for wrong in {2 * size, size // 2, old} - {size}:
        with pytest.raises(NotProved):
            merkle.check_consistency(old, before, wrong, after, proof)
    for pair in [(after, before), (before, before), (after, after), (merkle.EMPTY_ROOT, after)]:
        with pytest.raises(NotProved):
            merkle.check_consistency(old, pair[0], size, pair[1], proof)


def test_a_proof_longer_than_the_tree_is_high_is_refused_wherever_it_leads() -> None:
    left, right = merkle.leaf_hash(b"left"), merkle.leaf_hash(b"right")
    with pytest.raises(NotProved, match="more hashes"):
        merkle.check_inclusion(right, 0, 1, [left], merkle.node_hash(left, right))


def test_an_inner_node_is_not_taken_for_an_entry() -> None:
    leaves, tree = small_log(4)
    node = leaves[0] + leaves[1]
    with pytest.raises(NotProved):
        merkle.check_inclusion(merkle.leaf_hash(node), 0, 2, [merkle.node_hash(*leaves[2:])], tree.root())
