"""A log cut into tiles of 256 hashes and bundles of 256 entries (c2sp.org/tlog-tiles).

The writer keeps an ``Edge``: the tiles at the right that are not full, a few kilobytes whatever the log's size. The
reader looks hashes up in a ``Tree``, a tile a level and no more.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    consistency_ranges,
    fold,
    inclusion_ranges,
    perfect_root,
)

WIDTH = 256
TILE_BYTES = WIDTH * HASH_BYTES
ENTRY_BYTES_MAX = 65_535
_BITS = 8
_TILES_KEPT = 32  # a proof needs two a level

Fetch = Callable[[str], bytes]  # the object at a path; raises NotProved when there is none


def path(level: int | str, number: int, width: int = WIDTH) -> str:
    """Where a tile lies: ``level`` is a number or "entries"; a partial one has fewer than 256 in ``width``."""
    digits = f"{number:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < WIDTH else "")


@dataclass(frozen=True)
class Edge:
    """What has to be kept to go on appending: of each level the hashes in the last, partial tile, and the entries in
    the last, partial bundle, each concatenated."""

    size: int = 0
    levels: tuple[bytes, ...] = ()
    bundle: bytes = b""

    @cached_property
    def root(self) -> bytes:
        """The root of the whole tree."""
        roots: list[bytes] = []
        for hashes in reversed(self.levels):
            roots += _perfect_roots(hashes)
        return fold(roots) if roots else EMPTY_ROOT


@dataclass(frozen=True)
class Growth:
    """The edge after an append, the new leaves' hashes, and the tiles and bundles to write, by path."""

    edge: Edge
    leaves: list[bytes]
    tiles: dict[str, bytes]


def append(edge: Edge, entries: Sequence[bytes]) -> Growth:
    """Append entries. Pure: the edge itself is not changed. Raises ValueError for an entry over 65,535 bytes."""
    leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
    tiles: dict[str, bytes] = {}
    bundle = _append_bundles(edge, entries, tiles)
    levels = list(edge.levels)
    new, level = b"".join(leaves), 0
    while new:
        if level == len(levels):
            levels.append(b"")
        hashes = levels[level] + new
        number = edge.size >> _BITS * (level + 1)
        full = len(hashes) // TILE_BYTES
        parents = []
        for k in range(full):
            tile = tiles[path(level, number + k)] = hashes[k * TILE_BYTES : (k + 1) * TILE_BYTES]
            parents.append(perfect_root(tile))
        rest = levels[level] = hashes[full * TILE_BYTES :]
        if rest:
            tiles[path(level, number + full, len(rest) // HASH_BYTES)] = rest
        new, level = b"".join(parents), level + 1
    return Growth(Edge(edge.size + len(leaves), tuple(levels), bundle), leaves, tiles)


def _append_bundles(edge: Edge, entries: Sequence[bytes], tiles: dict[str, bytes]) -> bytes:
    number, count = divmod(edge.size, WIDTH)
    parts = [edge.bundle]
    for entry in entries:
        parts.append(_framed(entry))
        count += 1
        if count == WIDTH:
            tiles[path("entries", number)] = b"".join(parts)
            number, count, parts = number + 1, 0, []
    bundle = b"".join(parts)
    if count and entries:
        tiles[path("entries", number, count)] = bundle
    return bundle


def _framed(entry: bytes) -> bytes:
    if len(entry) > ENTRY_BYTES_MAX:
        raise ValueError(f"an entry has at most {ENTRY_BYTES_MAX} bytes, not {len(entry)}")
    return len(entry).to_bytes(2) + entry


def entries_of(bundle: bytes) -> list[bytes]:
    """The entries of a bundle. Raises Malformed."""
    entries, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2])
        if end > len(bundle):
            raise Malformed("a bundle of entries ends in the middle of one")
        entries.append(bundle[at + 2 : end])
        at = end
    return entries


class Tree:
    """A log of ``size`` entries, read through its tiles. Nothing is trusted: proofs are for checking against a root.

    ``stored`` is the size whose partial tiles are there, when it is a later one: not every size leaves tiles of its own,
    but each one's hashes are the beginning of a later one's.
    """

    def __init__(self, fetch: Fetch, size: int, stored: int | None = None) -> None:
        self.size = size
        self.stored = size if stored is None else stored
        self._fetch = fetch
        self._tiles: dict[str, bytes] = {}

    def entry(self, index: int) -> bytes:
        """The bytes of an entry. Raises Malformed, NotProved, ValueError."""
        if not 0 <= index < self.size:
            raise ValueError(f"there is no entry {index} among {self.size}")
        return self.bundle(index // WIDTH)[index % WIDTH]

    def bundle(self, number: int) -> list[bytes]:
        """The entries of a bundle, as many as this size has. Raises Malformed."""
        found = entries_of(self._get("entries", number, min(WIDTH, self.stored - number * WIDTH)))
        width = min(WIDTH, self.size - number * WIDTH)
        if len(found) < width:
            raise Malformed(f"bundle {number} has {len(found)} entries, not {width}")
        return found[:width]

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a tile, as many as this size has. Raises Malformed."""
        name = path(level, number)
        if name not in self._tiles:
            tile = self._get(level, number, min(WIDTH, (self.stored >> _BITS * level) - number * WIDTH))
            width = min(WIDTH, (self.size >> _BITS * level) - number * WIDTH)
            if len(tile) < width * HASH_BYTES or len(tile) % HASH_BYTES:
                raise Malformed(f"{name} has {len(tile)} bytes, not {width * HASH_BYTES}")
            if len(self._tiles) == _TILES_KEPT:
                del self._tiles[next(iter(self._tiles))]
            self._tiles[name] = tile[: width * HASH_BYTES]
        return self._tiles[name]

    def _get(self, level: int | str, number: int, width: int) -> bytes:
        try:
            return self._fetch(path(level, number, width))
        except NotProved:
            if width == WIDTH:
                raise
            return self._fetch(path(level, number))  # a partial tile may go once the full one is there

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The proof that the entry at ``index`` is in this tree."""
        return [self._range_hash(*each) for each in inclusion_ranges(index, self.size)]

    def consistency_proof(self, old: int) -> list[bytes]:
        """The proof that the tree of the first ``old`` entries is this tree's beginning."""
        return [self._range_hash(*each) for each in consistency_ranges(old, self.size)]

    def root(self) -> bytes:
        """The root as the tiles have it."""
        return self._range_hash(0, self.size) if self.size else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        """The hash of the leaf at ``index`` as the tiles have it."""
        return self._hash(0, index)

    def _range_hash(self, first: int, end: int) -> bytes:
        roots = []
        while first < end:
            height = (end - first).bit_length() - 1
            roots.append(self._hash(height, first >> height))
            first += 1 << height
        return fold(roots)

    def _hash(self, height: int, number: int) -> bytes:
        """The root of the perfect subtree over leaves ``number << height`` and on."""
        level, below = divmod(height, _BITS)
        first = (number << below) % WIDTH * HASH_BYTES
        tile = self.tile(level, (number << below) // WIDTH)
        return perfect_root(tile[first : first + (HASH_BYTES << below)])


def replay(tree: Tree, root: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Read the whole log in constant memory and check every tile: ``(first index, entries)``, bundle by bundle.

    Raises NotProved where a tile does not follow from the entries below it, and at the end when ``root`` does not.
    """
    edge = Edge()
    for number in range(-(-tree.size // WIDTH)):
        entries = tree.bundle(number)
        grown = append(edge, entries)
        for name, made in grown.tiles.items():
            if not name.startswith("tile/entries/"):
                _check_tile(name, made, tree)
        edge = grown.edge
        yield number * WIDTH, entries
    if edge.root != root:
        raise NotProved(f"the {tree.size} entries lead to another root than the checkpoint's")


def _check_tile(name: str, made: bytes, tree: Tree) -> None:
    level, _, rest = name.removeprefix("tile/").partition("/")
    number = int(rest.partition(".p/")[0].replace("x", "").replace("/", ""))
    kept = tree.tile(int(level), number)[: len(made)]
    if kept == made:
        return
    which = next(i for i in range(0, len(made), HASH_BYTES) if made[i : i + 32] != kept[i : i + 32])
    if level == "0":
        raise NotProved(
            f"entry {number * WIDTH + which // HASH_BYTES} and its hash in {path(0, number)} do not agree"
        )
    raise NotProved(f"{path(int(level), number)} does not follow from the tiles below it")


def _perfect_roots(hashes: bytes) -> list[bytes]:
    roots, at, count = [], 0, len(hashes) // HASH_BYTES
    for bit in range(_BITS - 1, -1, -1):
        if count >> bit & 1:
            roots.append(perfect_root(hashes[at : at + (HASH_BYTES << bit)]))
            at += HASH_BYTES << bit
    return roots
