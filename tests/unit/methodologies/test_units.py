"""Units: whole numbers of the smallest unit, and dimensions that must cancel."""

from fractions import Fraction

import pytest

from puhui.formulas import expressions, reductions
from puhui.formulas.units import unit


def _measures(*units: str) -> expressions.Dimensions:
    """What the product of these units measures."""
    names = {f"n{position}": unit(text).dimensions for position, text in enumerate(units)}
    return expressions.dimensions(expressions.parse(" * ".join(names)), names)


@pytest.mark.parametrize(
    ("value", "text", "exact"),
    [
        ("200", "gCO2e/trip", Fraction(200_000)),
        ("65.5", "gCO2e/act", Fraction(65_500)),
        ("0.5306", "kgCO2e/kWh", Fraction(5306, 10)),  # mg for each Wh
        ("0.6", "m/step", Fraction(600)),
        ("0.250", "kgCO2e/km", Fraction(1, 4)),  # mg for each mm
        ("29.66", "gCO2e/person/h", Fraction(29_660, 3600)),  # mg for each person and second
        ("0.29", "1", Fraction(29, 100)),
        ("0.00001", "gCO2e/km", Fraction(1, 10**8)),
    ],
)
def test_a_decimal_is_an_exact_ratio_of_smallest_units(value: str, text: str, exact: Fraction) -> None:
    assert Fraction(*reductions.term("factor", value, text).ratio) == exact


@pytest.mark.parametrize(
    "value",
    ["", "1e3", " 1", "1 ", "01", "1.", ".5", "+1", "-1", "0.0000000001", "１", "1_0"],
)
def test_what_is_no_exact_decimal_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        reductions.term("factor", value, "gCO2e/km")


def test_dimensions_cancel_and_a_mass_of_things_is_no_mass_of_co2e() -> None:
    assert _measures("m", "gCO2e/km") == (("co2e", 1),)
    assert _measures("kg", "kgCO2e/kg") == (("co2e", 1),)
    assert _measures("kg", "g/kg") == (("mass", 1),)
    assert _measures("gCO2e", "km") == (("co2e", 1), ("length", 1))
    assert _measures("item", "kgCO2e/item", "1") == (("co2e", 1),)
