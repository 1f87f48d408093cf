"""Tiles, bundles and the writer's edge: the same whatever the batches, and as the definition has it."""

import random

import pytest

from puhui.tlog import merkle, tiles
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.tiles import Edge, Growth, append
from tests.support import naive_tree
from tests.support.logs import Log
from tests.support.small_logs import log_of, numbered

BIG = 65_537
CORNERS = [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537]


@pytest.fixture(scope="module")
def entries() -> list[bytes]:
    """Enough entries for three levels of tiles."""
    return numbered(BIG)


@pytest.fixture(scope="module")
def leaves(entries: list[bytes]) -> list[bytes]:
    """Their hashes."""
    return [naive_tree.leaf(entry) for entry in entries]


@pytest.fixture(scope="module")
def one_by_one(entries: list[bytes]) -> tuple[dict[int, Edge], dict[str, bytes]]:
    """The edge at each corner, and all that was ever written, when each entry came alone."""
    edge, stored, edges = Edge(), {}, {0: Edge()}
    for entry in entries:
        grown = append(edge, [entry])
        edge = grown.edge
        stored |= grown.tiles
        if edge.size in CORNERS:
            edges[edge.size] = edge
    return edges, stored


def in_batches(entries: list[bytes], cuts: list[int]) -> Growth:
    """What comes of appending the entries cut into batches."""
    edge, leaves, stored = Edge(), [], {}
    for first, end in zip([0, *cuts], [*cuts, len(entries)], strict=True):
        grown = append(edge, entries[first:end])
        edge = grown.edge
        leaves += grown.leaves
        stored |= grown.tiles
    return Growth(edge, leaves, stored)


@pytest.mark.parametrize(
    ("level", "number", "width", "expected"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 7, 256, "tile/0/007"),
        (1, 999, 256, "tile/1/999"),
        (0, 1000, 256, "tile/0/x001/000"),
        (3, 1_234_067, 256, "tile/3/x001/x234/067"),
        (0, 999_999, 256, "tile/0/x999/999"),
        (0, 1_000_000, 256, "tile/0/x001/x000/000"),
        (0, 1_234_067, 255, "tile/0/x001/x234/067.p/255"),
        ("entries", 0, 1, "tile/entries/000.p/1"),
        ("entries", 1_234_067, 256, "tile/entries/x001/x234/067"),
    ],
)
def test_a_tile_lies_where_the_specification_says(
    level: int | str, number: int, width: int, expected: str
) -> None:
    assert tiles.path(level, number, width) == expected


@pytest.mark.parametrize("size", CORNERS)
def test_the_root_is_the_one_of_the_definition(
    size: int, one_by_one: tuple[dict[int, Edge], dict[str, bytes]], leaves: list[bytes]
) -> None:
    assert one_by_one[0][size].root == naive_tree.mth(leaves[:size])


@pytest.mark.parametrize("size", CORNERS)
def test_batches_make_the_same_log_as_one_entry_after_the_other(
    size: int,
    one_by_one: tuple[dict[int, Edge], dict[str, bytes]],
    entries: list[bytes],
    leaves: list[bytes],
) -> None:
    edges, stored = one_by_one
    rng = random.Random(size)
    splits = [[], [size // 2], [0, size], [min(size, 255), min(size, 256), min(size, 257)]]
    splits += [sorted(rng.randint(0, size) for _ in range(count)) for count in (1, 3, 17)]
    for cuts in splits:
        grown = in_batches(entries[:size], cuts)
        assert grown.edge == edges[size]
        assert grown.leaves == leaves[:size]
        # Which partial tiles are written on the way depends on the batches, their content does not.
        assert grown.tiles.items() <= stored.items()


@pytest.mark.parametrize("size", CORNERS)
def test_one_batch_writes_exactly_the_tiles_that_the_specification_lists(
    size: int, entries: list[bytes]
) -> None:
    expected = set()
    for level in range(3):
        full, partial = divmod(size >> 8 * level, 256)
        names = ("entries", 0) if level == 0 else (level,)
        for name in names:
            expected |= {tiles.path(name, number) for number in range(full)}
            expected |= {tiles.path(name, full, partial)} if partial else set()
    grown = append(Edge(), entries[:size])
    assert set(grown.tiles) == expected
    for name, data in grown.tiles.items():
        if not name.startswith("tile/entries/"):
            width = int(name.partition(".p/")[2] or 256)
            assert len(data) == 32 * width


def test_a_hash_of_a_higher_level_is_the_root_of_256_below(entries: list[bytes], leaves: list[bytes]) -> None:
    stored = append(Edge(), entries).tiles
    level1 = stored["tile/1/000"]
    for number in (0, 1, 100, 255):
        assert level1[32 * number : 32 * number + 32] == naive_tree.mth(
            leaves[256 * number : 256 * number + 256]
        )
    assert stored["tile/2/000.p/1"] == naive_tree.mth(leaves[:65_536])


@pytest.mark.parametrize("size", CORNERS)
def test_the_edge_is_a_few_kilobytes_whatever_the_size(
    size: int, one_by_one: tuple[dict[int, Edge], dict[str, bytes]]
) -> None:
    edge = one_by_one[0][size]
    assert [len(hashes) // 32 for hashes in edge.levels] == [
        (size >> 8 * level) % 256 for level in range(len(edge.levels))
    ]
    assert len(edge.levels) <= 3
    assert len(tiles.entries_of(edge.bundle)) == size % 256


def test_an_append_leaves_the_old_edge_as_it_was() -> None:
    edge = append(Edge(), [b"a"] * 300).edge
    kept = Edge(edge.size, edge.levels, edge.bundle)
    one, other = append(edge, [b"b"] * 300), append(edge, [b"b"] * 300)
    assert edge == kept
    assert one == other


def test_appending_nothing_changes_and_writes_nothing() -> None:
    edge = append(Edge(), [b"a"] * 300).edge
    assert append(edge, []) == Growth(edge, [], {})
    assert append(Edge(), []) == Growth(Edge(), [], {})


def test_the_longest_entry_fits_and_one_byte_more_does_not() -> None:
    longest = b"x" * 65_535
    grown = append(Edge(), [b"", longest])
    assert tiles.entries_of(grown.tiles["tile/entries/000.p/2"]) == [b"", longest]
    assert grown.leaves[1] == naive_tree.leaf(longest)
    with pytest.raises(ValueError, match=r"65535 bytes, not 65536"):
        append(Edge(), [b"fits", longest + b"x"])


@pytest.mark.parametrize("cut", [1, 2, 3, 6, 7])
def test_a_bundle_that_ends_in_the_middle_of_an_entry_is_malformed(cut: int) -> None:
    bundle = b"\x00\x03abc\x00\x02de"
    assert tiles.entries_of(bundle) == [b"abc", b"de"]
    with pytest.raises(Malformed, match="middle"):
        tiles.entries_of(bundle[:cut])


@pytest.mark.parametrize("size", CORNERS[1:])
def test_a_reader_proves_what_the_definition_proves(
    size: int, entries: list[bytes], leaves: list[bytes]
) -> None:
    log = log_of(entries[:size])
    tree, root, rng = log.tree(), naive_tree.mth(leaves[:size]), random.Random(size)
    assert tree.root() == root == log.edge.root
    for index in {0, size - 1, size // 2, *(rng.randrange(size) for _ in range(8))}:
        proof = tree.inclusion_proof(index)
        assert proof == naive_tree.path(index, leaves[:size])
        merkle.check_inclusion(leaves[index], index, size, proof, root)
        assert tree.leaf(index) == leaves[index]
        assert tree.entry(index) == entries[index]
    for old in {
        1,
        size,
        *(corner for corner in CORNERS[1:] if corner < size),
        *(rng.randint(1, size) for _ in range(4)),
    }:
        proof = tree.consistency_proof(old)
        assert proof == naive_tree.proof(old, leaves[:size])
        merkle.check_consistency(old, naive_tree.mth(leaves[:old]), size, root, proof)


def test_an_older_size_is_read_from_full_tiles_once_its_partial_ones_are_gone(
    entries: list[bytes], leaves: list[bytes]
) -> None:
    log, sizes = Log(), [1, 255, 256, 257, 700, 1000]
    for first, end in zip([0, *sizes], sizes, strict=False):
        log.append(entries[first:end])
    for name in list(log.files):
        if ".p/" in name and name.partition(".p/")[0] in log.files:
            del log.files[name]
    assert "tile/0/000.p/255" not in log.files
    for old in sizes:
        tree = log.tree(old)
        assert tree.root() == naive_tree.mth(leaves[:old])
        assert tree.entry(old - 1) == entries[old - 1]
        assert len(tree.bundle(0)) == min(old, 256)
        merkle.check_inclusion(leaves[0], 0, old, tree.inclusion_proof(0), tree.root())
        assert replay_of(tree) == entries[:old]


@pytest.mark.parametrize("index", [-1, 300, 301])
def test_there_is_no_entry_outside(index: int) -> None:
    with pytest.raises(ValueError, match="there is no entry"):
        log_of([b"a"] * 300).tree().entry(index)


def test_a_missing_tile_is_told_by_its_path() -> None:
    log = log_of([b"a"] * 300)
    del log.files["tile/0/000"]
    with pytest.raises(NotProved, match="tile/0/000"):
        log.tree().inclusion_proof(3)


@pytest.mark.parametrize("changed", [b"", b"x" * 31, b"x" * (44 * 32 + 1), b"x" * (43 * 32)])
def test_a_tile_of_the_wrong_length_is_malformed(changed: bytes) -> None:
    log = log_of([b"a"] * 300)
    log.files["tile/0/001.p/44"] = changed
    with pytest.raises(Malformed, match="tile/0/001 has"):
        log.tree().inclusion_proof(299)


def test_a_bundle_with_too_few_entries_is_malformed() -> None:
    log = log_of([b"a"] * 300)
    log.files["tile/entries/001.p/44"] = log.files["tile/entries/001.p/44"][:-3]
    with pytest.raises(Malformed, match="bundle 1 has 43 entries, not 44"):
        log.tree().entry(299)


def replay_of(tree: tiles.Tree, root: bytes | None = None) -> list[bytes]:
    """The entries that a replay reads."""
    found: list[bytes] = []
    for first, entries in tiles.replay(tree, tree.root() if root is None else root):
        assert first == len(found)
        found += entries
    return found


def replayed(log: Log, root: bytes | None = None) -> list[bytes]:
    """The entries that a replay of the whole log reads."""
    return replay_of(log.tree(), log.edge.root if root is None else root)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 1000, 65_537])
def test_a_replay_reads_every_entry(size: int, entries: list[bytes]) -> None:
    assert replayed(log_of(entries[:size])) == entries[:size]


def flip(data: bytes, at: int) -> bytes:
    """Data with one bit flipped."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("path", "at", "told"),
    [
        ("tile/entries/000", 2, "entry 0 and its hash in tile/0/000 "),
        ("tile/entries/002", 11 * 100 + 5, "entry 612 and its hash in tile/0/002 "),
        ("tile/entries/003.p/232", 11 * 231 + 10, "entry 999 and its hash in tile/0/003 "),
        ("tile/0/001", 32 * 7 + 3, "entry 263 and its hash in tile/0/001 "),
        ("tile/0/003.p/232", 0, "entry 768 and its hash in tile/0/003 "),
        ("tile/1/000.p/3", 32, "tile/1/000 does not follow"),
    ],
)
def test_a_replay_names_what_was_tampered_with(path: str, at: int, told: str) -> None:
    log = log_of([b"entry %03d" % number for number in range(1000)])  # each is framed in 11 bytes
    log.files[path] = flip(log.files[path], at)
    with pytest.raises(NotProved, match=told):
        replayed(log)


def test_a_replay_notices_a_tile_of_the_third_level(entries: list[bytes]) -> None:
    log = log_of(entries)
    log.files["tile/2/000.p/1"] = flip(log.files["tile/2/000.p/1"], 31)
    with pytest.raises(NotProved, match="tile/2/000 does not follow"):
        replayed(log)


def test_a_replay_of_whole_and_well_made_tiles_still_has_to_lead_to_the_root() -> None:
    honest, other = log_of([b"a"] * 300), log_of([b"b"] * 300)
    with pytest.raises(NotProved, match="another root"):
        replayed(other, honest.edge.root)
    with pytest.raises(NotProved, match="another root"):
        replayed(Log(), honest.edge.root)
