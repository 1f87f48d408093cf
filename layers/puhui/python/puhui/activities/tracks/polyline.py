"""The encoded polyline algorithm: each coordinate as the difference from the one before, in 5-bit chunks. Pure.

https://developers.google.com/maps/documentation/utilities/polylinealgorithm. Precision 5 there; 6 is the same with 10**6.
"""

from collections.abc import Iterable, Iterator

Points = tuple[tuple[int, int], ...]
_CHUNK, _MORE, _SHIFT = 0x1F, 0x20, 63
_CHUNKS_MAX = 7  # 35 bits: more than a degree at precision 6 ever needs


def encoded(points: Iterable[tuple[int, int]]) -> str:
    """The text of points, each (latitude, longitude) in units of the precision."""
    letters: list[str] = []
    before = (0, 0)
    for point in points:
        for now, then in zip(point, before, strict=True):
            _write(now - then, letters)
        before = point
    return "".join(letters)


def decoded(text: str, most: int) -> Points:
    """The points of a text. Raises ValueError for what is no polyline, or has more than ``most`` points."""
    numbers = list(_numbers(text, 2 * most))
    if len(numbers) % 2:
        raise ValueError("a latitude without its longitude")
    points: list[tuple[int, int]] = []
    lat = lon = 0
    for north, east in zip(numbers[::2], numbers[1::2], strict=True):
        lat, lon = lat + north, lon + east
        points.append((lat, lon))
    return tuple(points)


def _write(number: int, letters: list[str]) -> None:
    value = ~(number << 1) if number < 0 else number << 1
    while value >= _MORE:
        letters.append(chr((value & _CHUNK | _MORE) + _SHIFT))
        value >>= 5
    letters.append(chr(value + _SHIFT))


def _numbers(text: str, most: int) -> Iterator[int]:
    value = chunks = found = 0
    for letter in text:
        chunk = ord(letter) - _SHIFT
        if not 0 <= chunk < 2 * _MORE or chunks == _CHUNKS_MAX:
            raise ValueError("no letter of a polyline, or a number too large for one")
        value |= (chunk & _CHUNK) << 5 * chunks
        chunks += 1
        if chunk & _MORE:
            continue
        if (found := found + 1) > most:
            raise ValueError("too many points")
        yield ~(value >> 1) if value & 1 else value >> 1
        value = chunks = 0
    if chunks:
        raise ValueError("the last number does not end")
