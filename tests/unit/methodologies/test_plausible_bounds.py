"""What one act of a member can be at most: bounds with a reason, for new acts only."""

import json
from datetime import date
from typing import Any

import pytest

from puhui.kernel.documents import DocumentInvalid
from puhui.methodologies import api, publication, registry
from puhui.programmes import api as programmes
from tests.support.quantities import computed

DAY = date(2026, 11, 20)
PASSPORT = programmes.programme("green-passport-3060")
GUANGDONG = programmes.programme("guangdong-tanpuhui")
DOCUMENTS = [
    registry.methodology(each, version) for each, all_ in registry.versions().items() for version in all_
]


@pytest.mark.parametrize("methodology", DOCUMENTS, ids=lambda each: each.key)
def test_every_number_of_every_methodology_has_a_bound_with_its_reason(methodology: api.Methodology) -> None:
    bounded = {each.quantity for each in methodology.bounds if each.most is not None}
    assert bounded == {name for name, _ in methodology.numbers}
    for each in methodology.bounds:
        assert each.why["zh-CN"]
        assert each.why["en"]


def test_a_bound_on_a_number_that_is_none_is_in_no_table() -> None:
    assert registry.house_bounds().keys() == registry.versions().keys()


@pytest.mark.parametrize(
    ("behaviour", "quantity", "field", "limit"),
    [
        (
            "online_meeting",
            {"participants": 11, "avoided_distance_m": 1_000, "minutes": 60},
            "participants",
            10,
        ),
        (
            "online_meeting",
            {"participants": 2, "avoided_distance_m": 5_001, "minutes": 1},
            "avoided_distance_m",
            5_000,
        ),
        ("electronics_recycling", {"items": 2, "kind": "refrigerator"}, "items", 1),
        ("second_hand", {"items": 3, "kind": "laptop"}, "items", 2),
        (
            "household_electricity",
            {"consumed_wh": 300 * 30 - 1, "days": 30, "persons": 1},
            "consumed_wh",
            9_000,
        ),
        ("household_electricity", {"consumed_wh": 200_001, "days": 2, "persons": 1}, "consumed_wh", 200_000),
        ("nev_driving", {"distance_m": 10_000, "consumed_wh": 799}, "consumed_wh", 800),
    ],
)
def test_an_absurd_size_is_refused_and_the_bound_named(
    behaviour: str, quantity: dict[str, Any], field: str, limit: int
) -> None:
    wide = programmes.Behaviour(**{**_fields(behaviour), "bounds": {}})
    with pytest.raises(api.QuantityImplausible) as refused:
        api.quantify(PASSPORT, wide, quantity, DAY)
    assert (refused.value.code, refused.value.details["field"]) == ("QUANTITY_IMPLAUSIBLE", field)
    assert refused.value.details["limit"] == limit
    assert str(limit) in refused.value.text("en")
    computed(PASSPORT, wide, quantity, DAY)  # an act of the past is computed again all the same


def test_what_lies_on_the_bound_is_taken() -> None:
    for behaviour, quantity in (
        ("online_meeting", {"participants": 10, "avoided_distance_m": 300_000, "minutes": 60}),
        ("electronics_recycling", {"items": 1, "kind": "refrigerator"}),
        ("electronics_recycling", {"items": 5, "kind": "smartphone"}),
        ("household_electricity", {"consumed_wh": 9_000, "days": 30, "persons": 1}),
        ("nev_driving", {"distance_m": 10_000, "consumed_wh": 0}),
        ("nev_driving", {"distance_m": 10_000}),
    ):
        assert api.quantify(PASSPORT, PASSPORT.behaviours[behaviour], quantity, DAY).reduction_mg > 0


def test_no_meeting_is_worth_a_million_points() -> None:
    quantity = {"participants": 10, "avoided_distance_m": 300_000, "minutes": 60}
    most = api.quantify(PASSPORT, PASSPORT.behaviours["online_meeting"], quantity, DAY).reduction_mg
    assert most < 110_000_000


def test_a_programme_can_be_stricter_and_never_wider() -> None:
    wide = programmes.Behaviour(**{**_fields("household_water"), "bounds": {"saved_l": (1, 1_000_000)}})
    strict = programmes.Behaviour(**{**_fields("household_water"), "bounds": {"saved_l": (1, 20)}})
    with pytest.raises(api.QuantityImplausible):
        api.quantify(GUANGDONG, wide, {"saved_l": 301}, DAY)
    with pytest.raises(api.QuantityInvalid):
        api.quantify(GUANGDONG, strict, {"saved_l": 21}, DAY)


def _fields(behaviour: str) -> dict[str, Any]:
    found = PASSPORT.behaviours[behaviour]
    return {name: getattr(found, name) for name in found.__dataclass_fields__}


def _document(bounds: list[dict[str, Any]]) -> dict[str, Any]:
    document = json.loads(json.dumps(registry.methodology("car-pool", "1").document))
    return {**document, "id": "car-pool-filed", "bounds": bounds}


WHY = {"zh-CN": "理由。", "en": "a reason."}


def test_a_filed_methodology_brings_its_own_bounds() -> None:
    found = publication.check_document(_document([{"quantity": "distance_m", "max": 5, "why": WHY}]))
    assert [(each.quantity, each.most) for each in found.bounds] == [("distance_m", 5)]


def test_a_later_version_does_not_shed_the_house_bounds() -> None:
    document = json.loads(json.dumps(registry.methodology("car-pool", "1").document))
    assert (
        registry.methodology_from({**document, "version": "2"}).bounds
        == registry.methodology("car-pool", "1").bounds
    )


@pytest.mark.parametrize(
    ("bound", "path"),
    [
        ({"quantity": "hours", "max": 1, "why": WHY}, "/bounds/0/quantity"),
        ({"quantity": "distance_m", "per": "hours", "max": 1, "why": WHY}, "/bounds/0/per"),
        ({"quantity": "distance_m", "max": 1, "when": {"kind": ["bus"]}, "why": WHY}, "/bounds/0/when/kind"),
        ({"quantity": "distance_m", "min": 2, "max": 1, "why": WHY}, "/bounds/0/min"),
        ({"quantity": "distance_m", "why": WHY}, "/bounds/0"),
    ],
)
def test_a_bound_that_says_nothing_is_not_published(bound: dict[str, Any], path: str) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        publication.check_document(_document([bound]))
    assert refused.value.details["pointer"] == path
