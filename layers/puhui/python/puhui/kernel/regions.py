"""Regions: a country, a part of it, a part of that (``CN``, ``CN-GD``, ``CN-GD-GZ``). One notion and one pattern for
jurisdictions, factors, test vectors, merchants and rewards."""

from collections.abc import Iterator

PATTERN = "^[A-Z]{2}(-[A-Z0-9]{1,8}){0,2}$"  # ISO 3166-2, and one part of it such as a city
LENGTH_MAX = 20


def widening(region: str) -> Iterator[str]:
    """The region and those that it lies in, the nearest first: ``CN-GD-GZ``, ``CN-GD``, ``CN``."""
    while region:
        yield region
        region = region.rpartition("-")[0]
