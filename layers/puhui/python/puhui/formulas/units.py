"""Units, so that a formula can be checked and computed in whole numbers.

A unit is ``a`` or ``a/b`` (or ``a/b/c``). Each part has a dimension and is a whole number, or a ratio of whole numbers, of
that dimension's smallest unit: ``gCO2e/km`` is 1000 mgCO2e for each 1,000,000 mm. A mass of CO2 equivalent and a mass of
things are different dimensions.

Where a unit is no whole number of smallest ones:
- a joule is a watt second (SI), so that GJ, which Chinese tables give heat in, is 10^9 / 3600 Wh: 2,500,000 / 9;
- a tonne of standard coal (tce, GB/T 2589-2020) is 29,307.6 MJ (7000 kcal of 4.1868 kJ to a kg): 8,141,000 Wh, exactly;
- a mile is 1,609.344 m (the international yard of 1959), exactly.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple


class Part(NamedTuple):
    """One named unit: ``scale`` of its dimension's smallest unit for every ``per`` of it."""

    dimension: str
    scale: int
    per: int = 1


SMALLEST = {"co2e": "mgCO2e", "length": "mm", "mass": "mg", "energy": "Wh", "volume": "ml", "time": "s"}
_COUNTS = ("act", "trip", "order", "step", "person", "day", "meal", "box", "book", "item")
_SCALES = {
    "1": Part("", 1),  # a bare number, such as a share
    "mgCO2e": Part("co2e", 1),
    "gCO2e": Part("co2e", 10**3),
    "kgCO2e": Part("co2e", 10**6),
    "tCO2e": Part("co2e", 10**9),
    "mm": Part("length", 1),
    "m": Part("length", 10**3),
    "km": Part("length", 10**6),
    "mile": Part("length", 1_609_344),
    "mg": Part("mass", 1),
    "g": Part("mass", 10**3),
    "kg": Part("mass", 10**6),
    "t": Part("mass", 10**9),
    "Wh": Part("energy", 1),
    "kWh": Part("energy", 10**3),
    "MWh": Part("energy", 10**6),
    "kJ": Part("energy", 5, 18),
    "MJ": Part("energy", 2500, 9),
    "GJ": Part("energy", 2500 * 10**3, 9),
    "TJ": Part("energy", 2500 * 10**6, 9),
    "kgce": Part("energy", 8141),
    "tce": Part("energy", 8141 * 10**3),
    "ml": Part("volume", 1),
    "l": Part("volume", 10**3),
    "m3": Part("volume", 10**6),
    "min": Part("time", 60),
    "h": Part("time", 3600),
} | {name: Part(name, 1) for name in _COUNTS}
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,9}))?\Z")


@dataclass(frozen=True, slots=True)
class Unit:
    """``scale`` smallest units of its numerator for each ``per`` smallest units of its
    denominator; for a plain unit, ``scale`` smallest units for every ``per`` of it."""

    text: str
    scale: int
    per: int
    dimensions: tuple[tuple[str, int], ...]  # dimension and power, in order of names


def unit(text: str) -> Unit:
    """The unit that ``text`` names. Raises ValueError for one that is not known."""
    above, *below = text.split("/")
    try:
        top, bottom = _SCALES[above], [_SCALES[name] for name in below]
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is no known unit") from None
    scale, per, powers = top.scale, top.per, Counter({top.dimension: 1})
    for part in bottom:
        scale, per = scale * part.per, per * part.scale
        powers[part.dimension] -= 1
    return Unit(text, scale, per, _present(powers))


def smallest_name(dimension: str) -> str:
    """What one smallest unit of a dimension is called; a count is called by its own name."""
    return SMALLEST.get(dimension, dimension)


def decimal_of(value: str) -> tuple[int, int]:
    """A plain decimal as a ratio: ``65.5`` is (655, 10). Raises ValueError for anything else."""
    found = _DECIMAL.match(value)
    if not found:
        raise ValueError("no decimal of up to 12 digits before and 9 after the point")
    decimals = found[2] or ""
    return int(found[1] + decimals), int("1" + "0" * len(decimals))


def _present(powers: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((dimension, power) for dimension, power in powers.items() if power and dimension))
