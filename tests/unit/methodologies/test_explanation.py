"""Why this number: a member can compute it again by hand, and years later it still says the same."""

import ast
import json
import math
import operator
import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from puhui.formulas.units import unit
from puhui.methodologies import api, explanation, registry, usecases
from puhui.methodologies.errors import MethodologyMismatch, MethodologyNotFound
from puhui.methodologies.formula import bind
from puhui.programmes import api as programmes
from tests.support.quantities import computed

CARBON_88 = programmes.programme("carbon-88")
WALK_AND_WIN = programmes.programme("walk-and-win")
DAY = date(2026, 11, 20)
CASES = [
    ("subway_trip", {"trips": 1}),
    ("lights_off", {"times": 3}),
    ("no_tableware", {"orders": 2}),
    ("cycling", {"distance_m": 5001}),
    ("walking", {"steps": 12_345}),
]
EVERY_ACT = [
    pytest.param(
        programme,
        behaviour,
        {name: bounds[end] for name, bounds in behaviour.bounds.items()}
        | {name: words[-end] for name, words in behaviour.choices.items()},
        id=f"{programme.id}-{behaviour.id}-{'most' if end else 'least'}",
    )
    for programme in programmes.all_programmes()
    for behaviour in programme.behaviours.values()
    for end in (0, 1)
]
MEASURED = re.compile(r"([0-9]+(?:\.[0-9]+)?(?:/[0-9]+)?)(?: ([A-Za-z][A-Za-z0-9/]*))?")
ARITHMETIC: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.Gt: operator.gt,
}
FUNCTIONS: dict[str, Any] = {
    "min": min,
    "max": max,
    "floor": math.floor,
    "choose": lambda holds, then, otherwise: then if holds else otherwise,
}


def _quantify(behaviour_id: str, quantity: dict[str, int]) -> api.Quantification:
    return api.quantify(CARBON_88, programmes.behaviour(CARBON_88, behaviour_id), quantity, DAY)


def _by_hand(expression: str) -> Any:
    """What a member finds with paper: every value exactly, in the smallest unit of its kind."""
    text = MEASURED.sub(lambda found: f"'{found[1]} {found[2] or '1'}'", expression)
    return _worked_out(ast.parse(text.replace("if(", "choose("), mode="eval").body)


def _worked_out(node: Any) -> Any:
    match node:
        case ast.Constant():
            value, _, of = node.value.partition(" ")
            return Fraction(value) * Fraction(unit(of).scale, unit(of).per)
        case ast.BinOp():
            return ARITHMETIC[type(node.op)](_worked_out(node.left), _worked_out(node.right))
        case ast.Compare():
            return ARITHMETIC[type(node.ops[0])](_worked_out(node.left), _worked_out(node.comparators[0]))
    return FUNCTIONS[node.func.id](*map(_worked_out, node.args))


@pytest.mark.parametrize(("programme", "behaviour", "quantity"), EVERY_ACT)
def test_the_steps_of_every_act_lead_to_its_number_by_hand(
    programme: programmes.Programme, behaviour: programmes.Behaviour, quantity: dict[str, Any]
) -> None:
    act = computed(programme, behaviour, quantity, DAY)
    shown = api.explain(act, programme, act.credits_mg, 0)
    for step in shown["steps"]:
        assert _by_hand(step["expression"]) == Fraction(step["result"])
    assert (shown["steps"][-1]["result"], shown["steps"][-1]["unit"]) == (str(act.reduction_mg), "mg")
    kept = json.dumps(act.record())
    assert len(kept) <= 300
    assert api.explain_record(json.loads(kept), programme, act.credits_mg, 0) == shown


@pytest.mark.parametrize(("behaviour_id", "quantity"), CASES)
def test_the_steps_lead_to_the_number_by_hand(behaviour_id: str, quantity: dict[str, int]) -> None:
    act = _quantify(behaviour_id, quantity)
    shown = api.explain(act, CARBON_88, act.credits_mg, 0)
    for step in shown["steps"]:
        assert _by_hand(step["expression"]) == Fraction(step["result"])
    assert shown["steps"][-1]["result"] == str(act.credits_mg) == str(shown["credits_mg"])
    assert shown["steps"][-1]["unit"] == "mg"


@pytest.mark.parametrize(("behaviour_id", "quantity"), CASES)
def test_a_record_is_small_and_explains_the_same_for_ever(
    behaviour_id: str, quantity: dict[str, int]
) -> None:
    act = _quantify(behaviour_id, quantity)
    kept = json.dumps(act.record())
    assert len(kept) <= 300
    assert api.explain_record(json.loads(kept), CARBON_88, 7, 1) == api.explain(act, CARBON_88, 7, 1)


def test_a_record_whose_number_was_changed_is_noticed() -> None:
    record = _quantify("subway_trip", {"trips": 1}).record()
    with pytest.raises(ValueError, match="does not follow"):
        api.explain_record({**record, "reduction_mg": 300_000}, CARBON_88, 300_000, 300)


def test_a_factor_is_shown_with_its_source_and_as_it_was_published() -> None:
    (factor,) = api.explain(_quantify("lights_off", {"times": 1}), CARBON_88, 65_500, 65)["factors"]
    assert (factor["value"], factor["unit"]) == ("65.5", "gCO2e/act")
    assert {"id", "version", "region", "year", "publisher", "document", "mark"} <= factor.keys()


def test_a_cap_that_cut_is_marked_and_is_the_last_step() -> None:
    shown = api.explain(_quantify("walking", {"steps": 12_345}), CARBON_88, 10_000, 10)
    assert shown["caps"] == [{"per": "day", "measure": "mg", "limit": 10_000, "applied": True}]
    assert shown["steps"][-1] | {"text": ""} == {
        "text": "",
        "expression": "min(1258004, 10000)",
        "result": "10000",
        "unit": "mg",
    }


@pytest.mark.parametrize(
    ("credited", "applied"),
    [(200_000, (False, False)), (150_000, (True, False)), (90_000, (True, True)), (0, (False, False))],
)
def test_the_cap_that_cut_is_told_apart(credited: int, applied: tuple[bool, bool]) -> None:
    act = replace(
        _quantify("subway_trip", {"trips": 1}), caps=(("act", "mg", 150_000), ("day", "mg", 500_000))
    )
    shown = api.explain(act, CARBON_88, credited, 0)
    assert tuple(cap["applied"] for cap in shown["caps"]) == applied


@pytest.mark.parametrize(
    ("behaviour_id", "quantity", "credits_mg", "points", "zh", "en"),
    [
        (
            *("subway_trip", {"trips": 1}, 200_000, 200),
            "乘坐地铁 1 次，减排 200 克，得 200 分。",
            "Subway trips: 1. This avoids 200 g of CO2e, giving 200 points.",
        ),
        (
            *("lights_off", {"times": 1}, 65_500, 66),
            "随手关灯 1 次，减排 65.5 克，得 66 分（含此前不足 1 分的余量）。",
            (
                "Lights turned off: 1. This avoids 65.5 g of CO2e, giving 66 points (with what was left over"
                " from earlier acts)."
            ),
        ),
        (
            *("walking", {"steps": 10_000}, 10_000, 10),
            "步行 10000 步，减排 1019.04 克，按上限计入 10 克，得 10 分。",
            "Steps walked: 10000. This avoids 1019.04 g of CO2e, of which the caps let 10 g count, giving 10 points.",
        ),
        (
            *("subway_trip", {"trips": 1}, 0, 0),
            "乘坐地铁 1 次，减排 200 克，未计入。",
            "Subway trips: 1. This avoids 200 g of CO2e, none of which is credited.",
        ),
    ],
)
def test_one_sentence_says_it_in_two_languages(
    behaviour_id: str, quantity: dict[str, int], credits_mg: int, points: int, zh: str, en: str
) -> None:
    shown = api.explain(_quantify(behaviour_id, quantity), CARBON_88, credits_mg, points)
    assert shown["sentence"] == {"zh-CN": zh, "en": en}


def test_a_weak_factor_is_said_to_give_points_only() -> None:
    act = _quantify("subway_trip", {"trips": 1})
    weak = tuple(replace(factor, mark="W") for factor in act.formula.factors)
    shown = api.explain(replace(act, formula=bind(act.methodology, weak)), CARBON_88, 0, 200)
    assert "只计积分" in shown["sentence"]["zh-CN"]
    assert "points only" in shown["sentence"]["en"]


def test_divisions_wait_for_the_last_step_whatever_the_order_of_factors() -> None:
    """A seventh part stays exact through every line, and only the last step rounds."""
    act = _quantify("walking", {"steps": 12_345})
    lines = (("walked", "steps * step_length / 7"), ("baseline", "walked * car_petrol_average"))
    formula = bind(replace(act.methodology, lines=lines), act.formula.factors)
    exact = Fraction(12_345) * Fraction("0.6") * Fraction("169.84") / 7
    reduction = formula.milligrams(act.inputs)
    assert reduction == math.floor(exact)
    shown = explanation.explain(replace(act, formula=formula, reduction_mg=reduction), CARBON_88, 1, 0)
    walked, baseline, last, _cap = shown["steps"]
    assert (walked["result"], walked["unit"]) == ("7407000/7", "mm")
    assert Fraction(baseline["result"]) == exact
    assert last["result"] == str(reduction)
    for step in (walked, baseline, last):
        assert _by_hand(step["expression"]) == Fraction(step["result"])


def test_what_an_act_would_give_is_answered_without_storing() -> None:
    walking = programmes.behaviour(CARBON_88, "walking")
    shown = usecases.trial(
        "walking-instead-of-car", CARBON_88, walking, {"steps": 9000}, occurred_on=DAY, region=None
    )
    assert (shown["credits_mg"], shown["points"]) == (0, 10)
    assert (shown["explanation"]["counted_mg"], shown["explanation"]["gives"]) == (10_000, "points")
    assert shown["grades"] == [{"grade": "steps", "gives": "points", "credits_mg": 0, "points": 10}]
    assert "points only" in shown["explanation"]["sentence"]["en"]
    ride = programmes.behaviour(CARBON_88, "cycling")
    shown = usecases.trial(
        "cycling-instead-of-car", CARBON_88, ride, {"distance_m": 2_000}, occurred_on=DAY, region=None
    )
    given = {each["grade"]: (each["credits_mg"], each["points"]) for each in shown["grades"]}
    assert given == {"track": (500_000, 500), "partner": (500_000, 500), "self_declared": (0, 20)}
    assert (shown["credits_mg"], shown["explanation"]["gives"]) == (500_000, "credits")
    at_work = programmes.behaviour(WALK_AND_WIN, "walking")
    shown = usecases.trial(
        "walking-instead-of-car", WALK_AND_WIN, at_work, {"steps": 9000}, occurred_on=DAY, region=None
    )
    assert (shown["credits_mg"], shown["points"]) == (0, 0), "a contest counts the steps; they give nothing"
    assert "on record" in shown["explanation"]["sentence"]["en"]


@pytest.mark.parametrize(
    ("asked", "error"), [("lights-off", MethodologyMismatch), ("rain", MethodologyNotFound)]
)
def test_an_act_is_not_quantified_by_another_methodology(asked: str, error: type[Exception]) -> None:
    walking: Any = programmes.behaviour(CARBON_88, "walking")
    with pytest.raises(error):
        usecases.trial(asked, CARBON_88, walking, {"steps": 1}, occurred_on=DAY, region=None)


def test_a_version_is_shown_with_its_document_and_factors() -> None:
    shown = usecases.get_methodology_version("walking-instead-of-car", "1")
    assert {factor["id"] for factor in shown["factors"]} == {
        "step-length-least",
        "step-length-provisional",
        "car-petrol-average-gb-2024",
        "car-petrol-gb-provisional",
    }
    assert shown["document"]["version"] == "1"
    listed = [each["id"] for each in usecases.list_methodologies()["items"]]
    assert listed == sorted(registry.versions())
