"""What an act avoids: the seeds' figures, exact and rounded down; what is refused."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from puhui.methodologies import api, registry
from puhui.methodologies.errors import FactorUnavailable, MethodologyNotFound, QuantityInvalid
from puhui.methodologies.formula import bind
from puhui.programmes import api as programmes

CARBON_88 = programmes.programme("carbon-88")
WALK_AND_WIN = programmes.programme("walk-and-win")
DAY = date(2026, 11, 20)


def _quantify(behaviour_id: str, quantity: dict[str, Any], **more: Any) -> api.Quantification:
    return api.quantify(CARBON_88, programmes.behaviour(CARBON_88, behaviour_id), quantity, DAY, **more)


@pytest.mark.parametrize(
    ("behaviour_id", "quantity", "mg"),
    [
        ("subway_trip", {"trips": 1}, 200_000),
        ("lights_off", {"times": 1}, 65_500),
        ("no_tableware", {"orders": 1}, 47_500),
        ("cycling", {"distance_m": 1000}, 250_000),
        ("cycling", {"distance_m": 1}, 250),
        ("walking", {"steps": 0}, 0),
        ("walking", {"steps": 1}, 101),  # 0.6 m x 169.84 g/km = 101.904 mg
        ("walking", {"steps": 10_000}, 1_019_040),
    ],
)
def test_an_act_avoids_exactly_the_published_figure(
    behaviour_id: str, quantity: dict[str, int], mg: int
) -> None:
    assert _quantify(behaviour_id, quantity).credits_mg == mg


@pytest.mark.parametrize(
    ("quantity", "field", "reason"),
    [
        ({}, "distance_m", "is required"),
        ({"trips": 1}, "distance_m", "is required"),
        ({"distance_m": 1, "trips": 1}, "trips", "does not belong"),
        ({"distance_m": 1.0}, "distance_m", "must be an integer"),
        ({"distance_m": True}, "distance_m", "must be an integer"),
        ({"distance_m": "1000"}, "distance_m", "must be an integer"),
        ({"distance_m": None}, "distance_m", "must be an integer"),
        ({"distance_m": float("inf")}, "distance_m", "must be an integer"),
        ({"distance_m": 0}, "distance_m", "between 1 and 30000"),
        ({"distance_m": -5}, "distance_m", "between 1 and 30000"),
        ({"distance_m": 30_001}, "distance_m", "between 1 and 30000"),
        ({"distance_m": 10**40}, "distance_m", "between 1 and 30000"),
    ],
)
def test_a_wrong_quantity_is_refused_by_name(quantity: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(QuantityInvalid) as raised:
        _quantify("cycling", quantity)
    assert raised.value.field == field
    assert reason in raised.value.text("en")
    assert field in raised.value.text("zh-CN")


def test_a_region_takes_its_countrys_factor_where_it_has_none() -> None:
    assert _quantify("subway_trip", {"trips": 1}, region="CN-GD").credits_mg == 200_000


def test_a_region_without_factors_is_refused() -> None:
    with pytest.raises(FactorUnavailable):
        _quantify("subway_trip", {"trips": 1}, region="US")


def test_a_factor_does_not_hold_before_its_day() -> None:
    subway = programmes.behaviour(CARBON_88, "subway_trip")
    assert api.quantify(CARBON_88, subway, {"trips": 1}, date(2023, 1, 1)).credits_mg == 200_000
    with pytest.raises(FactorUnavailable):
        api.quantify(CARBON_88, subway, {"trips": 1}, date(2022, 12, 31))


def test_an_unpublished_version_is_not_found() -> None:
    subway = replace(programmes.behaviour(CARBON_88, "subway_trip"), methodology_version="2")
    with pytest.raises(MethodologyNotFound):
        api.quantify(CARBON_88, subway, {"trips": 1}, DAY)


@pytest.mark.parametrize(
    ("mark", "allowed"),
    [("P", True), ("S", True), ("D", True), ("seed", True), ("W", False), ("unsourced", False)],
)
def test_a_weak_or_unsourced_factor_gives_points_but_no_credits(mark: Any, allowed: bool) -> None:
    subway = _quantify("subway_trip", {"trips": 1})
    weak = tuple(replace(factor, mark=mark) for factor in subway.formula.factors)
    act = replace(subway, formula=bind(subway.methodology, weak))
    assert act.credits_allowed is allowed
    assert act.credits_mg == (200_000 if allowed else 0)
    assert api.points_for(CARBON_88.points, act.reduction_mg) == 200


def test_points_are_whole_and_none_without_a_rule() -> None:
    assert [api.points_for(CARBON_88.points, mg) for mg in (999, 1000, 65_500)] == [0, 1, 65]
    assert api.points_for(WALK_AND_WIN.points, 65_500) == 0


def test_the_newest_factor_in_force_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    known = registry.factors()
    old = known["subway-trip-seed@1"]
    later = [
        replace(old, version=number, valid_from=day)
        for number, day in (("2", "2025-01-01"), ("10", "2025-01-01"))
    ]
    monkeypatch.setattr(registry, "records_of", lambda _quantity: (*later, old))
    chosen = [
        registry.factor("subway-trip", "seed-2023", "CN", day).version for day in ("2024-12-31", "2025-01-01")
    ]
    assert chosen == ["1", "10"]


def test_caps_on_acts_and_quantities_take_an_act_whole_or_not_at_all() -> None:
    caps = programmes.Caps(per_day_acts=4, per_day_quantity=60_000)
    assert api.apply_caps(10, 20_000, caps, api.Used(0, 3, 40_000)) == (10, None)
    assert api.apply_caps(10, 20_000, caps, api.Used(0, 4, 0)) == (0, "per_day_acts")
    assert api.apply_caps(10, 20_001, caps, api.Used(0, 3, 40_000)) == (0, "per_day_quantity")


def test_caps_on_mass_cut_an_act_off_at_what_is_left() -> None:
    caps = programmes.Caps(per_act_mg=700, per_day_mg=1000)
    assert api.apply_caps(600, 1, caps) == (600, None)
    assert api.apply_caps(900, 1, caps) == (700, "per_act_mg")
    assert api.apply_caps(900, 1, caps, api.Used(mg=400)) == (600, "per_day_mg")
    assert api.apply_caps(900, 1, caps, api.Used(mg=1000)) == (0, "per_day_mg")


def test_a_programme_can_narrow_the_choices_of_its_methodology() -> None:
    programme = programmes.programme("green-passport-3060")
    paperless = programmes.behaviour(programme, "paperless")
    narrowed = replace(paperless, choices={"kind": ("bill",)})
    assert api.quantify(programme, narrowed, {"items": 1, "kind": "bill"}, DAY).reduction_mg == 1_700
    with pytest.raises(QuantityInvalid) as refused:
        api.quantify(programme, narrowed, {"items": 1, "kind": "ticket"}, DAY)
    assert "bill" in refused.value.text("en")
    assert "ticket" not in refused.value.text("en")
