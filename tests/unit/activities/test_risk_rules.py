"""Every rule has an act that fires it and one that just does not; the score never falls as more is found."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.activities.risk import engine
from puhui.activities.risk.engine import Features, assess
from puhui.activities.risk.rules import Rule, read, rules
from puhui.kernel.schemas import validator
from puhui.kernel.words import REASONS

FOLDER = Path(engine.__file__).parent
DOCUMENT = json.loads((FOLDER / "rules.json").read_bytes())
RULES = {rule.id: rule for rule in rules()}


def of(behaviour: str = "", **numbers: int) -> Features:
    return Features(frozenset(), numbers, behaviour)


def number_rules() -> list[Rule]:
    return [rule for rule in rules() if rule.kind == "at_least"]


def test_the_rules_fit_their_schema():
    assert not list(validator(FOLDER / "schema.json").iter_errors(DOCUMENT))


def broken(**changes: Any) -> dict[str, Any]:
    return {"rules": [{**DOCUMENT["rules"][-1], **changes}]}


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "off"},
        {"version": 0},
        {"weight": 101},
        {"kind": "speed"},
        {"kind": "signal"},
        {"parameters": {"feature": "shoe_size", "at_least": 1}},
        {"parameters": {"feature": "steps"}},
        {"text": {"en": "only English"}},
    ],
)
def test_a_rule_that_could_not_work_does_not_fit(changes: dict[str, Any]):
    assert list(validator(FOLDER / "schema.json").iter_errors(broken(**changes)))


def test_ids_are_unique_and_every_signal_has_its_sentence():
    assert len(RULES) == len(DOCUMENT["rules"])
    assert {code for rule in rules() for code in (rule.id, rule.reason_code)} <= REASONS.keys()
    assert all(
        dict(rule.text) == dict(REASONS[rule.reason_code]) for rule in rules() if rule.at_most == "refuse"
    )


@pytest.mark.parametrize("name", [rule.id for rule in rules() if rule.kind == "signal"])
def test_a_signal_fires_its_rule_and_no_other_does(name: str):
    found = assess(Features(frozenset({name})))
    assert found.signals == (name,)
    assert not engine.fires(RULES[name], Features(frozenset(RULES) - {name}))


@pytest.mark.parametrize("rule", number_rules(), ids=lambda rule: rule.id)
def test_a_number_at_its_threshold_fires_and_one_less_does_not(rule: Rule):
    feature, least = rule.parameters["feature"], rule.parameters["at_least"]
    assert engine.fires(rule, of(**{feature: least}))
    assert not engine.fires(rule, of(**{feature: least - 1}))
    assert not engine.fires(rule, of())


def test_a_new_account_gets_a_fifth_of_a_day_for_seven_days():
    rule = RULES["FIRST_DAYS"]
    assert engine.fires(rule, of(account_days=6, day_mg=600_001))
    assert not engine.fires(rule, of(account_days=6, day_mg=600_000))
    assert not engine.fires(rule, of(account_days=7, day_mg=600_001))


def test_a_ride_is_as_fast_as_its_median_may_be():
    rule = RULES["SPEED_IMPLAUSIBLE"]
    assert engine.fires(rule, of("cycling", distance_m=4_501, minutes=10))
    assert not engine.fires(rule, of("cycling", distance_m=4_500, minutes=10))
    assert not engine.fires(rule, of("subway_trip", distance_m=4_501, minutes=1))
    assert not engine.fires(rule, of("cycling", distance_m=4_501))


@pytest.mark.parametrize(
    ("numbers", "score", "band"),
    [
        ({}, 0, "credit"),
        ({"late_days": 3}, 15, "credit"),
        ({"acts_10_min": 8}, 30, "hold"),
        ({"acts_10_min": 8, "late_days": 3}, 45, "hold"),
        ({"acts_10_min": 8, "acts_day": 20}, 60, "review"),
        ({"steps": 30_001}, 60, "review"),
        ({"steps": 100_001}, 100, "refuse"),
        ({"risk_rank": 3}, 30, "hold"),
        ({"risk_rank": 4}, 60, "review"),
        ({"device_others": 3}, 60, "review"),
        ({"copied_step_days": 3}, 80, "refuse"),
    ],
)
def test_bands_follow_the_score(numbers: dict[str, int], score: int, band: str):
    found = assess(of(**numbers))
    assert (found.score, found.band) == (score, band)


def test_what_a_machine_may_be_wrong_about_never_refuses():
    everything = {rule.parameters["feature"]: rule.parameters["at_least"] for rule in number_rules()}
    everything |= {"steps": 30_001, "copied_step_days": 0}
    asking = {rule.id for rule in rules() if rule.kind == "signal" and rule.at_most == "review"}
    found = assess(Features(frozenset(asking), everything | {"account_days": 0, "day_mg": 10**9}))
    assert (found.score, found.band, found.reason_code) == (79, "review", "")


def test_a_refusal_names_the_gravest_reason_and_no_weight():
    found = assess(of(steps=100_001, copied_step_days=3))
    assert (found.band, found.reason_code) == ("refuse", "STEPS_IMPLAUSIBLE")
    assert assess(Features(frozenset({"EVIDENCE_REUSED", "PHOTO_SMALL"}))).reason_code == "EVIDENCE_REUSED"


def test_a_shadow_is_on_record_and_changes_nothing():
    numbers = {"acts_10_min": 8}
    known = [replace(rule, mode="shadow") for rule in rules()]
    found = assess(of(**numbers), known)
    assert (found.score, found.band, found.signals, found.rules) == (0, "credit", (), ())
    assert found.shadows == ("ACTS_IN_MINUTES@1",)


def test_a_rule_of_the_next_version_is_told_from_this_one():
    (rule,) = read(broken(version=2))
    assert assess(of(risk_rank=4), [rule]).rules == (f"{rule.id}@2",)


_NUMBERS = {rule.parameters["feature"]: rule.parameters["at_least"] for rule in number_rules()}
_SIGNALS = sorted(rule.id for rule in rules() if rule.kind == "signal")


@given(
    st.sets(st.sampled_from(_SIGNALS)),
    st.sets(st.sampled_from(_SIGNALS)),
    st.sets(st.sampled_from(sorted(_NUMBERS))),
    st.sets(st.sampled_from(sorted(_NUMBERS))),
)
def test_the_score_never_falls_as_more_is_found(
    signals: set[str], more: set[str], features: set[str], others: set[str]
):
    less = assess(Features(frozenset(signals), {name: _NUMBERS[name] for name in features}))
    greater = assess(
        Features(frozenset(signals | more), {name: _NUMBERS[name] for name in features | others})
    )
    assert less.score <= greater.score <= 100
    assert set(less.rules) <= set(greater.rules)
