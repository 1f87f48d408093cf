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
        ("0.11", "tCO2e/GJ", Fraction(11 * 10**7 * 9, 2_500_000)),  # 1 GJ is 10^9 / 3600 Wh
        ("67.91", "tCO2e/TJ", Fraction(6791 * 10**7 * 9, 2_500_000_000)),
        ("2.66", "tCO2e/tce", Fraction(266 * 10**7, 8_141_000)),  # 29,307.6 MJ are 8,141 kWh
        ("0.206", "kgCO2e/person/mile", Fraction(206_000, 1_609_344)),
        ("1", "gCO2e/kJ", Fraction(3600)),
        ("0", "kgCO2e/km", Fraction(0)),
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


def test_an_energy_is_the_same_in_whatever_unit_it_is_given() -> None:
    heat = [
        reductions.term("f", value, text).ratio
        for value, text in (("1", "tCO2e/TJ"), ("0.0036", "kgCO2e/kWh"))
    ]
    assert Fraction(*heat[0]) == Fraction(*heat[1])
    in_gj = reductions.Reduction(
        (("heat", unit("GJ")),), (reductions.term("f", "0.11", "tCO2e/GJ"),), (("baseline", "heat * f"),)
    )
    assert in_gj.milligrams([3]) == 330_000_000
    in_wh = reductions.Reduction(
        (("heat", unit("Wh")),), (reductions.term("f", "0.11", "tCO2e/GJ"),), (("baseline", "heat * f"),)
    )
    assert in_wh.milligrams([1000]) == 396_000


def test_a_factor_that_may_be_zero_is_no_divisor() -> None:
    lines = [("baseline", "a * a / b")]
    units = {"a": unit("gCO2e/act"), "b": unit("gCO2e/act")}
    count = [("n", unit("act"), 1)]
    reductions.check(count, units, [("baseline", "n * a * a / b")], "0")
    with pytest.raises(expressions.FormulaError):
        reductions.check(count, units, [("baseline", "n * a * a / b")], "0", frozenset({"b"}))
    made = reductions.Reduction((), (), tuple(lines))
    assert (made.divides_by("b"), made.divides_by("a")) == (True, False)
