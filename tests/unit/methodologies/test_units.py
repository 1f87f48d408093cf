"""Units: whole numbers of the smallest unit, and dimensions that must cancel."""

import pytest

from puhui.methodologies.units import product, smallest_units, unit


@pytest.mark.parametrize(
    ("value", "text", "whole"),
    [
        ("200", "gCO2e/trip", 200_000),
        ("65.5", "gCO2e/act", 65_500),
        ("0.5306", "kgCO2e/kWh", 530_600),
        ("0.6", "m/step", 600),
        ("0.250", "kgCO2e/km", 250_000),
    ],
)
def test_a_decimal_becomes_whole_smallest_units(value: str, text: str, whole: int) -> None:
    assert smallest_units(value, unit(text)) == whole


@pytest.mark.parametrize(
    "value", ["", "1e3", " 1", "1 ", "01", "1.", ".5", "+1", "-1", "0", "0.0001", "１", "1_0"]
)
def test_what_is_no_exact_decimal_above_zero_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"decimal|finer|above zero"):
        smallest_units(value, unit("gCO2e/km"))


def test_dimensions_cancel_and_a_mass_of_things_is_no_mass_of_co2e() -> None:
    assert product([unit("m"), unit("gCO2e/km")]) == (("co2e", 1),)
    assert product([unit("kg"), unit("kgCO2e/kg")]) == (("co2e", 1),)
    assert product([unit("kg"), unit("g/kg")]) == (("mass", 1),)
    assert product([unit("gCO2e"), unit("km")]) == (("co2e", 1), ("length", 1))
