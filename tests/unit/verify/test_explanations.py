"""An explanation is recomputed from itself alone, and every change of it is noticed."""

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from puhui.methodologies import api, usecases
from puhui.programmes import api as programmes
from puhui.verify.__main__ import main

CARBON_88 = programmes.programme("carbon-88")
Change = Callable[[dict[str, Any]], object]


def explained(behaviour_id: str = "cycling", **quantity: int) -> dict[str, Any]:
    behaviour = programmes.behaviour(CARBON_88, behaviour_id)
    act = api.quantify(CARBON_88, behaviour, quantity or {"distance_m": 4201}, date(2026, 11, 20))
    allowed = api.apply_caps(act.reduction_mg, act.inputs[behaviour.measure], behaviour.caps).mg
    return api.explain(act, CARBON_88, allowed, allowed // 1000)


@pytest.fixture
def given(tmp_path: Path) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(path)

    return write


@pytest.mark.parametrize(
    ("behaviour", "quantity", "mg"),
    [
        ("subway_trip", {"trips": 1}, "200,000"),
        ("lights_off", {"times": 1}, "65,500"),
        ("no_tableware", {"orders": 1}, "47,500"),
        ("cycling", {"distance_m": 1000}, "250,000"),
    ],
)
def test_the_seeds_figures_are_recomputed(
    behaviour: str, quantity: dict[str, int], mg: str, given: Callable[[Any], str], capsys: Any
):
    assert main(["explain", given(explained(behaviour, **quantity)), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert f"avoids {mg} mg of CO2e" in said
    assert "NOT CHECKED: whether this formula" in said
    assert main(["explain", given(explained(behaviour, **quantity)), "--lang", "zh"]) == 0
    assert f"减排 {mg} 毫克" in capsys.readouterr().out


def test_the_published_document_is_checked_too(given: Callable[[Any], str], capsys: Any):
    published = usecases.get_methodology_version("cycling-instead-of-car", "1")
    assert main(["explain", given(explained()), "--methodology", given(published), "--lang", "en"]) == 0
    assert "NOT CHECKED: whether this formula" not in capsys.readouterr().out
    published["document"] = {**published["document"], "published_on": "2026-11-22"}
    assert main(["explain", given(explained()), "--methodology", given(published)]) == 1


def test_a_cap_that_cut_is_said(given: Callable[[Any], str], capsys: Any):
    assert main(["explain", given(explained("walking", steps=8000)), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "was credited, 10,000 mg, is no more than that" in said
    assert "per day; it made less count" in said.partition("CLAIMED, NOT CHECKED")[2]


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "CLAIMED, NOT CHECKED"), ("zh", "仅为所称，尚未核对")]
)
def test_what_was_not_computed_again_stands_below_a_heading_that_says_so(
    language: str, heading: str, given: Callable[[Any], str], capsys: Any
):
    told = explained()
    told["points"], told["formula"] = 987_654, "a formula in words"
    told["sentence"] = {"zh-CN": "一句话", "en": "a sentence"}
    told["factors"][0]["publisher"] = "a ministry"
    assert main(["explain", given(told), "--lang", language]) == 0
    proved, _, claimed = capsys.readouterr().out.partition(heading)
    words = {"zh": "一句话", "en": "a sentence"}[language]
    for text in ("987,654", "a formula in words", "a ministry", words):
        assert text not in proved
        assert text in claimed
    assert main(["explain", given(told), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["claimed"]["points"] == 987_654
    assert "points" not in answer


def test_an_act_that_was_refused_has_its_figure_and_no_credits(given: Callable[[Any], str], capsys: Any):
    told = explained() | {"credits_mg": 0, "points": 0}
    assert main(["explain", given(told), "--lang", "en"]) == 0
    assert "was credited, 0 mg" in capsys.readouterr().out


def corrected() -> dict[str, Any]:
    act = api.quantify(
        CARBON_88, programmes.behaviour(CARBON_88, "no_tableware"), {"orders": 2}, date(2026, 11, 20)
    )
    correction = {
        "factor": "no-tableware-seed@1",
        "replacement": "no-tableware-bj-least@1",
        "reason": "the national figure was taken for Beijing",
        "from_mg": 95_000,
        "to_mg": 46_000,
    }
    return api.explain_record(act.record(), CARBON_88, 46_000, 46, correction)


def test_a_corrected_act_is_proved_by_the_figures_it_has_now(given: Callable[[Any], str], capsys: Any):
    assert main(["explain", given(corrected()), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "avoids 46,000 mg" in said
    assert "gave way to no-tableware-bj-least@1, 95000 mg to 46000 mg, because: the national" in said


@pytest.mark.parametrize("name", ["to_mg", "replacement", "factor"])
def test_a_correction_that_does_not_fit_the_figures_is_not_proved(
    name: str, given: Callable[[Any], str], capsys: Any
):
    told = corrected()
    told["correction"][name] = {"to_mg": 45_000, "replacement": "x@1", "factor": "no-tableware-bj-least@1"}[
        name
    ]
    assert main(["explain", given(told), "--lang", "en"]) == 1
    assert "correction" in capsys.readouterr().out


TAMPERED: dict[str, Change] = {
    "a larger number": lambda e: e["computation"].update(reduction_mg=e["computation"]["reduction_mg"] + 1),
    "an input that was computed with": lambda e: e["computation"]["inputs"][0].update(value=9999),
    "an input that is shown": lambda e: e["inputs"].update(distance_m=9999),
    "a factor that was computed with": lambda e: e["computation"]["factors"][0].update(value="251"),
    "a factor that is shown": lambda e: e["factors"][0].update(value="251"),
    "the unit of a factor": lambda e: e["computation"]["factors"][0].update(unit="kgCO2e/km"),
    "the formula": lambda e: e["computation"]["lines"][0].update(
        formula="2 * distance_m * cycling_instead_of_car"
    ),
    "the discount": lambda e: e["computation"].update(discount="0.1"),
    "more credits than computed": lambda e: e.update(credits_mg=e["credits_mg"] + 1),
    "fewer credits than computed, without a cap": lambda e: e.update(credits_mg=e["credits_mg"] - 1),
    "a cap that cut nothing": lambda e: e["caps"].append(
        {"per": "day", "measure": "mg", "limit": 10**9, "applied": True}
    ),
    "an act's cap that would have left more": lambda e: e.update(
        credits_mg=1000, caps=[{"per": "act", "measure": "mg", "limit": 2000, "applied": True}]
    ),
    "credits from a weak factor": lambda e: e["factors"][0].update(credits_allowed=False),
}


@pytest.mark.parametrize("change", TAMPERED)
def test_an_explanation_that_was_changed_is_not_proved(change: str, given: Callable[[Any], str], capsys: Any):
    told = copy.deepcopy(explained())
    TAMPERED[change](told)
    assert main(["explain", given(told), "--lang", "en"]) == 1
    assert capsys.readouterr().out.startswith("NOT PROVED")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"computation": 5}',
        '{"computation": {"inputs": [], "factors": [], "lines": [{"name": "baseline", "formula": "((((("}], "discount": "0"}}',
        '{"computation": {"inputs": [], "factors": [], "lines": [], "discount": "0", "reduction_mg": 1}}',
    ],
)
def test_what_is_no_explanation_is_refused_in_words(text: str, given: Callable[[Any], str], capsys: Any):
    assert main(["explain", given(text), "--lang", "en"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_machine_gets_json(given: Callable[[Any], str], capsys: Any):
    assert main(["explain", given(explained()), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["proved"], answer["reduction_mg"], answer["methodology"]) == (
        True,
        1_050_250,
        "cycling-instead-of-car@1",
    )
