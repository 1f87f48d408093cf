"""What makes two tracks one: the same points at the same pace, whenever; and what makes them alike: the same cells at the same
seconds of the trip. Everything is hashed with the deployment's key, since where somebody was is nobody's to read. Pure.

A track's **identity** is a keyed hash of its points and of the seconds between them, so that another beginning changes nothing.
Its **sketch** holds the 64 cells with the smallest hashes (bottom-k), each with the second in which it was entered: of two tracks'
sketches the share of common cells (Jaccard) can be told, and whether they were entered in the same rhythm, forward or backward.
``buckets`` are where alike tracks meet without anything being scanned: pairs of minima under four permutations.
"""

import hmac
import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from puhui.activities.tracks.bands import Likeness
from puhui.activities.tracks.features import Fix
from puhui.activities.tracks.geometry import Place, cell, fixed, millimetres

_EVERY_MM = 20_000  # between two points the way is taken for straight, and looked at each 20 m
_FAR_MM = 1_000_000  # over a gap of a kilometre nobody knows the way
_MASK = 2**64 - 1
_STEPS = (  # odd, so that multiplying permutes 64 bits: digits of the golden ratio, of e, pi and roots
    (0x9E3779B97F4A7C15, 0xB7E151628AED2A6B),
    (0x243F6A8885A308D3, 0x6A09E667F3BCC909),
    (0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B),
    (0xA54FF53A5F1D36F1, 0x510E527FADE682D1),
)
_ENTRY = struct.Struct(">QI")


@dataclass(frozen=True)
class Sketch:
    """Keyed hashes of cells, ascending, and when each was entered: seconds after the track began."""

    cells: tuple[int, ...]
    at: tuple[int, ...]

    def packed(self) -> bytes:
        """The sketch as it is stored."""
        return b"".join(_ENTRY.pack(*each) for each in zip(self.cells, self.at, strict=True))

    @classmethod
    def unpacked(cls, packed: bytes) -> "Sketch":
        """The sketch of stored bytes."""
        found = list(_ENTRY.iter_unpack(packed))
        return cls(tuple(each[0] for each in found), tuple(each[1] for each in found))


@dataclass(frozen=True)
class Marks:
    """What an act's track is known by. None of it says where it was."""

    identity: str
    sketch: Sketch
    buckets: tuple[str, ...]


def key_of(pepper: bytes) -> bytes:
    """The key of all hashes here, apart from whatever else the pepper is for."""
    return hmac.digest(pepper, b"puhui tracks 1", "sha256")


def marks_of(kept: Sequence[Fix], key: bytes, size: int) -> Marks:
    """The marks of a track's accurate points."""
    entered: dict[tuple[int, int], int] = {}
    for place, at in _dense(kept):
        entered.setdefault(cell(place), at - kept[0].at)
    hashed = sorted(
        (int.from_bytes(hmac.digest(key, struct.pack(">ii", *each), "sha256")[:8]), at)
        for each, at in entered.items()
    )
    least = hashed[:size]
    sketch = Sketch(tuple(each[0] for each in least), tuple(each[1] for each in least))
    return Marks(_identity(kept, key), sketch, tuple(_buckets([each for each, _ in hashed])))


def alike(one: Sketch, other: Sketch, bounds: Likeness) -> bool:
    """Whether two tracks share their cells and their rhythm, forward or backward."""
    union = sorted(set(one.cells) | set(other.cells))[: bounds.sketch_cells]
    first, second = (dict(zip(each.cells, each.at, strict=True)) for each in (one, other))
    both = [each for each in union if each in first and each in second]
    if not both or 100 * len(both) < bounds.shared_percent_min * len(union):
        return False
    forward = [first[each] - second[each] for each in both]
    backward = [first[each] + second[each] for each in both]
    return _same(forward, bounds) or _same(backward, bounds)


def _same(numbers: list[int], bounds: Likeness) -> bool:
    """Whether nearly all of them are nearly one number."""
    middle = sorted(numbers)[len(numbers) // 2]
    near = sum(1 for each in numbers if abs(each - middle) <= bounds.timing_seconds)
    return 100 * near >= bounds.timing_percent_min * len(numbers)


def _identity(kept: Sequence[Fix], key: bytes) -> str:
    first = kept[0].at
    written = b"".join(
        struct.pack(">iii", fixed(fix.place[0]), fixed(fix.place[1]), fix.at - first) for fix in kept
    )
    return hmac.digest(key, b"identity" + written, "sha256")[:16].hex()


def _buckets(hashes: Sequence[int]) -> Iterator[str]:
    for number, pair in enumerate(_STEPS):
        least = [min((each * step & _MASK) ^ (each * step >> 64 & _MASK) for each in hashes) for step in pair]
        yield f"{number}:" + "".join(f"{each:016x}" for each in least)


def _dense(kept: Sequence[Fix]) -> Iterator[tuple[Place, int]]:
    """The points, and places between them."""
    for one, other in itertools.pairwise(kept):
        yield one
        mm = millimetres(one.place, other.place)
        parts = mm // _EVERY_MM + 1 if mm < _FAR_MM else 1
        for part in range(1, parts):
            yield _between(one, other, part, parts)
    yield kept[-1]


def _between(one: Fix, other: Fix, part: int, parts: int) -> tuple[Place, int]:
    (lat, lon), (north, east) = one.place, other.place
    place = lat + (north - lat) * part / parts, lon + (east - lon) * part / parts
    return place, one.at + (other.at - one.at) * part // parts
