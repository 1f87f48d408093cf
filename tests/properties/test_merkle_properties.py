"""Logs of any size, grown in any batches: what they prove is what the definition says, and nothing else is proved."""

import functools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from puhui.tlog import merkle, receipts, tiles
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.tiles import WIDTH, Edge
from tests.support import naive_tree
from tests.support.logs import Log
from tests.support.small_logs import log_of, numbered, policy_of

MANY = 2_000
ENTRIES = numbered(MANY)
LEAVES = [naive_tree.leaf(entry) for entry in ENTRIES]
SIZES = st.integers(1, MANY) | st.sampled_from([1, 2, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025])

unhurried = settings(deadline=None, max_examples=150)


@functools.cache
def log() -> Log:
    """The log of all entries; trees of its beginnings are read from it."""
    return log_of(ENTRIES)


@functools.cache
def root(size: int) -> bytes:
    """The root of the first ``size`` entries by the definition."""
    return naive_tree.mth(LEAVES[:size])


def flipped(data: bytes, bit: int) -> bytes:
    """Data with one of its bits flipped."""
    at = bit // 8 % len(data)
    return data[:at] + bytes([data[at] ^ 1 << bit % 8]) + data[at + 1 :]


@st.composite
def indexes_and_sizes(draw: st.DrawFn) -> tuple[int, int]:
    """An entry of a tree."""
    size = draw(SIZES)
    return draw(st.integers(0, size - 1)), size


@st.composite
def two_sizes(draw: st.DrawFn) -> tuple[int, int]:
    """A tree and one that it grew into."""
    size = draw(SIZES)
    return draw(st.integers(1, size)), size


@unhurried
@given(st.lists(st.integers(0, 600), max_size=6), st.binary(max_size=200))
def test_a_log_does_not_remember_its_batches(counts: list[int], told: bytes) -> None:
    entries = [told + entry for entry in numbered(sum(counts))]
    grown = Log()
    for count in counts:
        grown.append(entries[grown.size : grown.size + count])
    at_once = log_of(entries)
    assert grown.edge == at_once.edge
    assert grown.edge.root == naive_tree.mth([naive_tree.leaf(entry) for entry in entries])
    assert at_once.files.items() <= grown.files.items()
    assert [each for _, bundle in tiles.replay(grown.tree(), grown.edge.root) for each in bundle] == entries


@unhurried
@given(st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_any_growth_leads_to_the_root_of_the_definition(counts: list[int]) -> None:
    edge = Edge()
    for count in counts:
        if edge.size + count > MANY:
            break
        edge = tiles.append(edge, ENTRIES[edge.size : edge.size + count]).edge
        assert edge.root == root(edge.size)


@unhurried
@given(st.integers(0, 2**45), st.integers(0, 600))
def test_what_the_writer_keeps_is_bounded_whatever_the_size(size: int, more: int) -> None:
    levels = []
    while size >> 8 * len(levels):
        levels.append(b"h" * 32 * (size >> 8 * len(levels) & 255))
    edge = tiles.append(Edge(size, tuple(levels), b"\x00\x01e" * (size % WIDTH)), [b"e"] * more).edge
    assert edge.size == size + more
    # A level for each digit of the size to the base 256, and in it as many hashes as the digit says.
    assert [len(each) // 32 for each in edge.levels] == [
        edge.size >> 8 * level & 255 for level in range(len(edge.levels))
    ]
    assert edge.size >> 8 * len(edge.levels) == 0
    assert sum(map(len, edge.levels)) < 32 * WIDTH * 7
    assert len(tiles.entries_of(edge.bundle)) == edge.size % WIDTH


@unhurried
@given(indexes_and_sizes())
def test_each_entry_is_proved_in_each_tree_that_has_it(place: tuple[int, int]) -> None:
    index, size = place
    proof = log().tree(size).inclusion_proof(index)
    assert proof == naive_tree.path(index, LEAVES[:size])
    merkle.check_inclusion(LEAVES[index], index, size, proof, root(size))


@unhurried
@given(indexes_and_sizes(), st.data())
def test_a_flipped_bit_of_leaf_proof_root_or_index_is_refused(
    place: tuple[int, int], data: st.DataObject
) -> None:
    index, size = place
    proof = log().tree(size).inclusion_proof(index)
    parts = [LEAVES[index], root(size), *proof]
    which, bit = data.draw(st.integers(0, len(parts))), data.draw(st.integers(0, 255))
    wrong = index
    if which < len(parts):
        parts[which] = flipped(parts[which], bit)
    else:
        wrong = index ^ 1 << bit % 64
    leaf, expected, *changed = parts
    with pytest.raises(NotProved):
        merkle.check_inclusion(leaf, wrong, size, changed, expected)


@unhurried
@given(indexes_and_sizes(), st.integers(1, 2 * MANY))
def test_a_proof_fits_only_sizes_in_which_the_entry_has_the_same_way_up(
    place: tuple[int, int], other: int
) -> None:
    # The size is not hashed: what binds it to the root is the checkpoint's signature.
    index, size = place
    proof = log().tree(size).inclusion_proof(index)
    assume(other > index)
    same_way = _turns(index, other) == _turns(index, size)
    try:
        merkle.check_inclusion(LEAVES[index], index, other, proof, root(size))
    except NotProved:
        assert not same_way
    else:
        assert same_way


def _turns(index: int, size: int) -> list[bool]:
    """On which side the sibling stands, level by level."""
    return [first < index for first, _ in merkle.inclusion_ranges(index, size)]


@unhurried
@given(two_sizes())
def test_each_tree_extends_each_smaller_one(sizes: tuple[int, int]) -> None:
    old, size = sizes
    proof = log().tree(size).consistency_proof(old)
    assert proof == naive_tree.proof(old, LEAVES[:size])
    merkle.check_consistency(old, root(old), size, root(size), proof)


@unhurried
@given(two_sizes(), st.data())
def test_a_flipped_bit_of_a_proof_of_consistency_is_refused(
    sizes: tuple[int, int], data: st.DataObject
) -> None:
    old, size = sizes
    parts = [root(old), root(size), *log().tree(size).consistency_proof(old)]
    which, bit = data.draw(st.integers(0, len(parts))), data.draw(st.integers(0, 255))
    wrong = old
    if which < len(parts):
        parts[which] = flipped(parts[which], bit)
    else:
        wrong = old ^ 1 << bit % 64
    before, after, *changed = parts
    with pytest.raises(NotProved):
        merkle.check_consistency(wrong, before, size, after, changed)


@unhurried
@given(two_sizes(), st.integers(0, MANY - 1))
def test_a_log_that_changed_an_entry_cannot_show_that_it_only_grew(sizes: tuple[int, int], at: int) -> None:
    old, size = sizes
    rewritten = list(LEAVES[:size])
    rewritten[at % old] = naive_tree.leaf(b"another")
    for proof in (naive_tree.proof(old, rewritten), naive_tree.proof(old, LEAVES[:size])):
        with pytest.raises(NotProved):
            merkle.check_consistency(old, root(old), size, naive_tree.mth(rewritten), proof)


@unhurried
@given(indexes_and_sizes(), st.integers(0, 2**20))
def test_a_flipped_bit_anywhere_in_a_receipt_is_refused(place: tuple[int, int], bit: int) -> None:
    index, size = place
    policy = policy_of(log())
    receipt = str(log().receipt(index, size)).encode()
    proved = receipts.check(receipts.parse(receipt), LEAVES[index], policy)
    assert (proved.checkpoint.size, proved.checkpoint.root) == (size, root(size))
    with pytest.raises((Malformed, NotProved)):
        receipts.check(receipts.parse(flipped(receipt, bit)), LEAVES[index], policy)


@unhurried
@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(0, 1000))
def test_a_bundle_gives_back_its_entries_or_is_malformed(entries: list[bytes], cut: int) -> None:
    bundle = tiles.append(Edge(), entries).edge.bundle
    assert tiles.entries_of(bundle) == entries
    short = bundle[: cut % (len(bundle) + 1)]
    try:
        read = tiles.entries_of(short)
    except Malformed:
        return
    assert read == entries[: len(read)]
    assert len(read) < len(entries) or short == bundle
