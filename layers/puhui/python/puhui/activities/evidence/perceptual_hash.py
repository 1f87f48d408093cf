"""Whether two pictures are of the same thing: difference hashes that survive saving again, resizing and light, of the whole picture
and of its middle, looked for in every way a picture can be turned and mirrored. Pure.

No EXIF is believed: whoever sends a copy writes its orientation. The thresholds are measured in
``docs/decisions/2026-11-30-photos.md``.
"""

from collections.abc import Iterable
from typing import NamedTuple

from PIL import Image

NEAR_BITS = 8  # of 64: as good as the same picture, so a person looks
ALIKE_BITS = 12  # a hint, no more
SPAN_MIN = 24  # grey levels between a grid's darkest and lightest cell: below, the bits are noise
MIDDLE = 0.8
COLUMNS, ROWS = 9, 8
HASH_BITS = (COLUMNS - 1) * ROWS
SQUARE = COLUMNS * ROWS * 2
TURNS = (None, *Image.Transpose)


class Likeness(NamedTuple):
    """What a picture is recognised by. ``prints`` are kept: the whole, then the middle, without those that say too little.
    ``wanted`` are what earlier prints are compared with: the same in all eight orientations. ``flat``: it, or its middle, is too
    even to be compared at all."""

    prints: tuple[int, ...]
    wanted: tuple[int, ...]
    flat: bool


def of(small: Image.Image) -> Likeness:
    """The likeness of a picture in grey."""
    width, height = small.size
    edge = (1 - MIDDLE) / 2
    middle = (width * edge, height * edge, width * (1 - edge), height * (1 - edge))
    squares = [_square(small, box) for box in ((0, 0, width, height), middle)]
    telling = [square for square in squares if _spans(square)]
    return Likeness(
        prints=tuple(difference_hash(square) for square in telling),
        wanted=tuple(dict.fromkeys(difference_hash(_turned(s, turn)) for s in telling for turn in TURNS)),
        flat=len(telling) < len(squares),
    )


def together(found: Iterable[Likeness]) -> Likeness:
    """The likeness of a picture of several frames: each of them counts."""
    each = list(found)
    return Likeness(
        tuple(dict.fromkeys(mark for one in each for mark in one.prints)),
        tuple(dict.fromkeys(mark for one in each for mark in one.wanted)),
        any(one.flat for one in each),
    )


def difference_hash(square: Image.Image) -> int:
    """64 bits: for each of 8 rows, whether each of 8 neighbouring grey cells gets brighter (dHash, N. Krawetz 2013)."""
    cells = _cells(square)
    bits = 0
    for row in range(ROWS):
        for column in range(COLUMNS - 1):
            place = row * COLUMNS + column
            bits = bits << 1 | (cells[place] < cells[place + 1])
    return bits


def distance(one: int, other: int) -> int:
    """In how many of the 64 bits two hashes differ; a negative has all the other ones, and is the same picture."""
    apart = (one ^ other).bit_count()
    return min(apart, HASH_BITS - apart)


def _square(small: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    return small.resize((SQUARE, SQUARE), Image.Resampling.BOX, box)


def _turned(square: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return square if turn is None else square.transpose(turn)


def _spans(square: Image.Image) -> bool:
    cells = _cells(square)
    return max(cells) - min(cells) >= SPAN_MIN


def _cells(square: Image.Image) -> bytes:
    return square.reduce((SQUARE // COLUMNS, SQUARE // ROWS)).tobytes()
