"""Distances and cells on the globe. Pure."""

import math

Place = tuple[float, float]  # latitude and longitude in degrees
EARTH_RADIUS_M = 6_371_008.8  # the mean radius of WGS-84 (IUGG)
CELL = 50  # in units of 1e-5 degrees: about 55 m north to south, 42 m east to west at Beijing


def millimetres(one: Place, other: Place) -> int:
    """The great-circle distance by the haversine formula, rounded to whole millimetres."""
    lat, other_lat = math.radians(one[0]), math.radians(other[0])
    north, east = other_lat - lat, math.radians(other[1] - one[1])
    half = math.sin(north / 2) ** 2 + math.cos(lat) * math.cos(other_lat) * math.sin(east / 2) ** 2
    return round(2000 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half))))


def cell(place: Place) -> tuple[int, int]:
    """The cell of a fixed grid in which a place lies."""
    return fixed(place[0]) // CELL, fixed(place[1]) // CELL


def fixed(degrees: float) -> int:
    """Degrees in units of 1e-5."""
    return round(degrees * 100_000)
