"""Baseline minus project, less the discount, rounded down once."""

from typing import Any

import pytest

from puhui.formulas import reductions
from puhui.formulas.expressions import FormulaError
from puhui.formulas.reductions import Reduction, term
from puhui.formulas.units import unit

EV = Reduction(
    inputs=(("distance_m", unit("m")),),
    terms=(
        term("car", "169.84", "gCO2e/km"),
        term("ev_use", "0.16", "kWh/km"),
        term("grid", "0.5306", "kgCO2e/kWh"),
    ),
    lines=(("baseline", "distance_m * car"), ("project", "distance_m * ev_use * grid")),
)


def test_the_reduction_is_the_exact_difference_rounded_down():
    # 169.84 g/km - 0.16 kWh/km * 530.6 g/kWh = 84.944 g/km
    assert EV.milligrams([1000]) == 84_944
    assert EV.milligrams([1]) == 84
    assert EV.milligrams([3]) == 254  # 254.832


def test_what_emits_more_than_its_baseline_avoids_nothing():
    worse = Reduction(
        EV.inputs, EV.terms, (("baseline", "distance_m * ev_use * grid"), ("project", "distance_m * car"))
    )
    assert worse.milligrams([1000]) == 0


def test_a_discount_takes_its_share_before_the_rounding():
    discounted = Reduction(EV.inputs, EV.terms, EV.lines, "0.05")
    assert discounted.milligrams([1000]) == 80_696  # 84,944 * 0.95 = 80,696.8


def test_a_line_can_use_the_lines_before_it():
    household = Reduction(
        inputs=(
            ("consumed_wh", unit("Wh")),
            ("days", unit("day")),
            ("persons", unit("person")),
            ("previous_wh", unit("Wh")),
        ),
        terms=(term("city", "2.5", "kWh/person/day"), term("grid", "0.4403", "kgCO2e/kWh")),
        lines=(
            ("expected", "days * persons * city"),
            ("usual", "if(consumed_wh < expected, expected, max(previous_wh, consumed_wh))"),
            ("baseline", "usual * grid"),
            ("project", "consumed_wh * grid"),
        ),
    )
    # 3 persons, 1 day: 7.5 kWh expected. 5 kWh used: 2.5 kWh * 440.3 g
    assert household.milligrams([5000, 1, 3, 0]) == 1_100_750
    # 9 kWh used, 10 kWh usual: 1 kWh; 9 used, 8 usual: nothing
    assert household.milligrams([9000, 1, 3, 10_000]) == 440_300
    assert household.milligrams([9000, 1, 3, 8_000]) == 0


def check(lines: list[tuple[str, str]], discount: str = "0", **changes: Any) -> tuple[str, str]:
    """(line, reason) of what is wrong."""
    inputs = changes.get("inputs", [("distance_m", unit("m"), 1), ("persons", unit("person"), 0)])
    factors = changes.get("factors", {"car": unit("gCO2e/km")})
    with pytest.raises(FormulaError) as refused:
        reductions.check(inputs, factors, lines, discount)
    name, why = refused.value.args
    return name, why


ONLY_DISTANCE: dict[str, Any] = {"inputs": [("distance_m", unit("m"), 1)]}


def test_the_faulty_line_is_named():
    assert check([("baseline", "distance_m + car")])[0] == "baseline"
    assert check([("extra", "distance_m *"), ("baseline", "distance_m * car")])[0] == "extra"
    assert check([("baseline", "distance_m")])[1].startswith("measures")
    assert check([("project", "distance_m * car")], **ONLY_DISTANCE) == ("baseline", "is missing")
    assert check([("baseline", "distance_m * car")])[0] == "persons"  # used nowhere
    assert (
        check([("baseline", "distance_m * car"), ("baseline", "distance_m * car")])[1] == "this name is taken"
    )
    assert check([("car", "distance_m * 2"), ("baseline", "distance_m * car")])[1] == "this name is taken"
    assert check([("baseline", "baseline * 2")])[1].startswith("baseline is neither")


def test_a_division_by_what_may_be_zero_is_refused():
    assert check([("baseline", "distance_m * car / persons * persons")])[0] == "baseline"
    reductions.check(
        [("distance_m", unit("m"), 1), ("persons", unit("person"), 1)],
        {"car": unit("gCO2e/km")},
        [("share", "distance_m / persons"), ("baseline", "share * car * persons")],
        "0",
    )


@pytest.mark.parametrize("discount", ["1", "1.5"])
def test_a_discount_leaves_something(discount: str):
    assert check([("baseline", "distance_m * car")], discount, **ONLY_DISTANCE)[0] == "discount"


def test_a_methodologys_own_cap_is_the_most_that_an_act_avoids():
    capped = Reduction(EV.inputs, EV.terms, EV.lines, cap_mg=50_000)
    assert capped.milligrams([1000]) == 50_000
    assert capped.milligrams([500]) == 42_472
