"""WGS-84, which satellites tell, and GCJ-02, by which maps of China are drawn, some 100 to 700 m apart. Pure.

``wx.getLocation`` tells either, as its ``type`` says. The formula of GCJ-02 was never published by its makers; this is the one that
was found out from maps and that the field uses (googollee/eviltransform, MIT; sshuair/coord-convert, MIT), on the ellipsoid of
Krasovsky 1940. The way back is iterated until it is exact to less than a centimetre. Outside China both are the same.
"""

import math

from puhui.activities.tracks.geometry import Place

WGS84, GCJ02 = "wgs84", "gcj02"
_A, _EE = 6378245.0, 0.00669342162296594323  # semi-major axis in metres, eccentricity squared
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_NEAR, _ROUNDS_MAX = 1e-8, 10  # degrees: a millimetre; three rounds are enough for it


def to_gcj02(place: Place) -> Place:
    """A place of WGS-84 in GCJ-02."""
    if not _in_china(place):
        return place
    north, east = _shift(place)
    return place[0] + north, place[1] + east


def to_wgs84(place: Place) -> Place:
    """A place of GCJ-02 in WGS-84."""
    if not _in_china(place):
        return place
    guess = place
    for _ in range(_ROUNDS_MAX):
        there = to_gcj02(guess)
        north, east = place[0] - there[0], place[1] - there[1]
        guess = guess[0] + north, guess[1] + east
        if abs(north) < _NEAR and abs(east) < _NEAR:
            break
    return guess


def _in_china(place: Place) -> bool:
    lat, lon = place
    return _SOUTH <= lat <= _NORTH and _WEST <= lon <= _EAST


def _shift(place: Place) -> Place:
    """By how many degrees GCJ-02 moves a place of WGS-84 north and east."""
    lat, lon = place
    x, y = lon - 105.0, lat - 35.0
    both = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + both
    north += _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + both
    east += _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))
    radians = math.radians(lat)
    flat = 1.0 - _EE * math.sin(radians) ** 2
    root = math.sqrt(flat)
    return (
        math.degrees(north / (_A * (1.0 - _EE) / (flat * root))),
        math.degrees(east / (_A / root * math.cos(radians))),
    )


def _waves(at: float, *waves: tuple[float, float]) -> float:
    return sum(height * math.sin(at / length * math.pi) for height, length in waves) * 2.0 / 3.0
