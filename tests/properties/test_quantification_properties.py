"""What holds for every quantity, factor and cap."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from puhui.formulas import reductions
from puhui.methodologies import api, registry
from puhui.methodologies.formula import bind
from puhui.programmes import api as programmes
from tests.support.quantities import computed

CARBON_88 = programmes.programme("carbon-88")
DAY = date(2026, 11, 20)
behaviours = st.sampled_from(list(CARBON_88.behaviours.values()))
acts = st.sampled_from(
    [(each, behaviour) for each in programmes.all_programmes() for behaviour in each.behaviours.values()]
)
# What a shorter and a longer act differ in; of these, more never gives less.
GROWS = {
    "trips",
    "distance_m",
    "steps",
    "days",
    "items",
    "mass_g",
    "saved_l",
    "times",
    "participants",
    "avoided_distance_m",
    "orders",
    "meals",
    "boxes",
    "books",
    "passengers",
}
metres = st.integers(1, 30_000)
masses = st.integers(0, 10**9)
limits = st.none() | st.integers(1, 10**6)
caps = st.builds(
    programmes.Caps, per_act_mg=limits, per_day_mg=limits, per_day_acts=limits, per_day_quantity=limits
)


def _mg(behaviour: programmes.Behaviour, amount: int) -> int:
    return api.quantify(CARBON_88, behaviour, {behaviour.measure: amount}, DAY).reduction_mg


def _quantity(behaviour: programmes.Behaviour, data: st.DataObject) -> dict[str, Any]:
    numbers = {name: data.draw(st.integers(*bounds), name) for name, bounds in behaviour.bounds.items()}
    return numbers | {
        name: data.draw(st.sampled_from(words), name) for name, words in behaviour.choices.items()
    }


@given(acts, st.data())
def test_more_of_whatever_a_programme_counts_never_gives_less_and_never_a_debt(
    act: tuple[programmes.Programme, programmes.Behaviour], data: st.DataObject
) -> None:
    programme, behaviour = act
    quantity = _quantity(behaviour, data)
    mg = computed(programme, behaviour, quantity, DAY).reduction_mg
    assert mg >= 0
    # A household's case depends on the days, and a longer meeting costs more: both only stay above zero.
    if behaviour.id in ("household_electricity", "online_meeting"):
        return
    for name in GROWS & quantity.keys():
        more = quantity | {name: data.draw(st.integers(quantity[name], behaviour.bounds[name][1]), name)}
        assert computed(programme, behaviour, more, DAY).reduction_mg >= mg


@given(acts, st.data())
def test_what_nobody_knows_about_an_optional_quantity_is_as_if_it_were_left_out(
    act: tuple[programmes.Programme, programmes.Behaviour], data: st.DataObject
) -> None:
    programme, behaviour = act
    quantity = _quantity(behaviour, data)
    zero = quantity | dict.fromkeys(behaviour.optional, 0)
    without = {name: value for name, value in quantity.items() if name not in behaviour.optional}
    given_zero, left_out = (computed(programme, behaviour, each, DAY) for each in (zero, without))
    assert given_zero.reduction_mg == left_out.reduction_mg


@given(acts, st.data())
def test_every_programmes_record_leads_back_to_its_act(
    act: tuple[programmes.Programme, programmes.Behaviour], data: st.DataObject
) -> None:
    programme, behaviour = act
    found = computed(programme, behaviour, _quantity(behaviour, data), DAY)
    again = api.explain_record(found.record(), programme, found.credits_mg, 0)
    assert again == api.explain(found, programme, found.credits_mg, 0)


@given(behaviours, st.data())
def test_a_reduction_is_never_negative_and_more_of_an_act_never_gives_less(
    behaviour: programmes.Behaviour, data: st.DataObject
) -> None:
    least, most = behaviour.bounds[behaviour.measure]
    little = data.draw(st.integers(least, most))
    much = data.draw(st.integers(little, most))
    assert 0 <= _mg(behaviour, little) <= _mg(behaviour, much)


@given(metres, metres, st.integers(1, 10**9))
def test_a_journey_in_two_parts_never_gives_more_than_the_whole(one: int, two: int, whole: int) -> None:
    """For every factor, whatever its decimals: rounding down happens once for the whole."""
    cycling = registry.methodology("cycling-instead-of-car", "1")
    value = f"{whole // 1000}.{whole % 1000:03}"
    factor = replace(registry.factors()["cycling-instead-of-car-seed@1"], value=value)
    formula = bind(cycling, (factor,))
    parts = formula.milligrams({"distance_m": one}) + formula.milligrams({"distance_m": two})
    together = formula.milligrams({"distance_m": one + two})
    assert parts <= together <= parts + 1
    assert together == (one + two) * whole // 1000


@given(st.integers(0, 100_000))
def test_the_number_is_the_exact_product_rounded_down(steps: int) -> None:
    walking = CARBON_88.behaviours["walking"]
    exact = steps * Fraction("0.6") * Fraction("169.84")  # m x g/km are mg
    assert _mg(walking, steps) == exact.numerator // exact.denominator


@given(st.integers(1, 10**6), st.integers(0, 3), st.integers(0, 6))
def test_a_factor_means_the_same_however_it_is_written(thousandths: int, zeros: int, more: int) -> None:
    digits = f"{thousandths // 1000}.{thousandths % 1000:03}"
    in_grams = reductions.term("factor", digits + "0" * more, "gCO2e/km")
    in_kilograms = reductions.term(
        "factor", f"{thousandths // 10**6}.{thousandths % 10**6:06}" + "0" * zeros, "kgCO2e/km"
    )
    exact = Fraction(thousandths, 10**6)  # mg for each mm
    assert Fraction(*in_grams.ratio) == Fraction(*in_kilograms.ratio) == exact


@given(caps, st.lists(st.tuples(masses, st.integers(0, 10**5)), max_size=12))
def test_a_day_of_acts_never_exceeds_its_caps(limits: programmes.Caps, acts: list[tuple[int, int]]) -> None:
    used = api.Used()
    for mg, quantity in acts:
        allowed = api.apply_caps(mg, quantity, limits, used)
        assert 0 <= allowed.mg <= mg
        assert limits.per_act_mg is None or allowed.mg <= limits.per_act_mg
        assert (allowed.cap is None) == (allowed.mg == mg) or mg == 0
        if allowed.mg:
            used = api.Used(used.mg + allowed.mg, used.acts + 1, used.quantity + quantity)
    assert limits.per_day_mg is None or used.mg <= limits.per_day_mg
    assert limits.per_day_acts is None or used.acts <= limits.per_day_acts
    assert limits.per_day_quantity is None or used.quantity <= limits.per_day_quantity


@given(behaviours, st.data())
def test_a_record_always_leads_back_to_its_act(behaviour: programmes.Behaviour, data: st.DataObject) -> None:
    amount = data.draw(st.integers(*behaviour.bounds[behaviour.measure]))
    act = api.quantify(CARBON_88, behaviour, {behaviour.measure: amount}, DAY)
    again = api.explain_record(act.record(), CARBON_88, act.credits_mg, 0)
    assert again == api.explain(act, CARBON_88, act.credits_mg, 0)
