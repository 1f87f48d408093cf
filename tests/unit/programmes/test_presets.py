"""The programmes that ship: carbon-88 and walk-and-win."""

from datetime import UTC, datetime, timedelta

import pytest

from puhui.methodologies import registry
from puhui.programmes import api, usecases
from puhui.programmes.model import Behaviour, Programme

CARBON_88 = api.programme("carbon-88")
WALK_AND_WIN = api.programme("walk-and-win")
EIGHT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
each_behaviour = pytest.mark.parametrize(
    ("programme", "behaviour"),
    [(programme, each) for programme in api.all_programmes() for each in programme.behaviours.values()],
    ids=lambda value: value.id,
)


def test_carbon_88_gives_one_point_a_gram_for_24_months() -> None:
    assert CARBON_88.points is not None
    assert (CARBON_88.points.mg_per_point, CARBON_88.points.valid_months) == (1000, 24)


def test_walk_and_win_counts_walking_only_and_gives_no_points() -> None:
    assert WALK_AND_WIN.points is None
    assert list(WALK_AND_WIN.behaviours) == ["walking"]


@pytest.mark.parametrize("programme", api.all_programmes(), ids=lambda programme: programme.id)
def test_every_gate_is_closed(programme: Programme) -> None:
    assert set(programme.gates) == {"personal_trading", "pooled_sale", "cash_out", "export"}
    assert not any(programme.gates.values())


@pytest.mark.parametrize(
    ("behaviour_id", "evidence"),
    [
        ("subway_trip", "photo"),
        ("lights_off", "photo"),
        ("no_tableware", "none"),
        ("cycling", "none"),
        ("walking", "steps"),
    ],
)
def test_a_behaviour_needs_its_evidence(behaviour_id: str, evidence: str) -> None:
    assert api.behaviour(CARBON_88, behaviour_id).evidence == evidence


def test_a_day_of_walking_is_capped_by_each_programme_itself() -> None:
    assert api.behaviour(CARBON_88, "walking").caps.per_day_mg == 10_000
    assert api.behaviour(WALK_AND_WIN, "walking").caps.per_day_mg == 296_000


@each_behaviour
def test_a_programme_only_narrows_what_the_methodology_takes(
    programme: Programme, behaviour: Behaviour
) -> None:
    methodology = registry.methodology(behaviour.methodology_id, behaviour.methodology_version)
    inputs = {each.name: each for each in methodology.inputs}
    assert behaviour.bounds.keys() == inputs.keys(), programme.id
    for name, (least, most) in behaviour.bounds.items():
        assert inputs[name].least <= least <= most <= inputs[name].most


def test_an_unknown_programme_is_not_found() -> None:
    for name in ("carbon-89", "", "../schema", "carbon-88.json"):
        with pytest.raises(api.ProgrammeNotFound):
            api.programme(name)


def test_an_unknown_behaviour_is_answered_with_those_the_programme_counts() -> None:
    with pytest.raises(api.BehaviourUnknown) as raised:
        api.behaviour(WALK_AND_WIN, "cycling")
    assert raised.value.text("en") == "The programme does not count this behaviour. It counts: walking."


def test_a_subway_trip_takes_twenty_minutes_and_four_take_eighty() -> None:
    subway = api.behaviour(CARBON_88, "subway_trip")
    assert subway.interval({"trips": 1}, EIGHT) == (EIGHT, EIGHT + timedelta(minutes=20))
    assert api.occupied_minutes(subway, {"trips": 4}) == 80


def test_a_ride_takes_its_distance_at_15_km_an_hour_in_whole_minutes() -> None:
    cycling = api.behaviour(CARBON_88, "cycling")
    minutes = [api.occupied_minutes(cycling, {"distance_m": metres}) for metres in (1, 250, 251, 15_000)]
    assert minutes == [1, 1, 2, 60]


def test_a_day_of_steps_takes_no_time_of_its_own() -> None:
    walking = api.behaviour(CARBON_88, "walking")
    assert walking.interval({"steps": 9000}, EIGHT) is None
    assert api.occupied_minutes(walking, {"steps": 9000}) == 0


def test_the_behaviour_that_clients_see_says_what_to_send() -> None:
    first, *_ = usecases.list_behaviours("carbon-88")["items"]
    assert first["quantity_schema"]["required"] == ["trips"]
    assert first["evidence"] == {"kind": "photo", "min": 1, "max": 3}
    assert [(cap["per"], cap["measure"], cap["limit"]) for cap in first["caps"]] == [
        ("day", "acts", 4),
        ("day", "trips", 4),
    ]


def test_the_programme_that_clients_see_names_its_unit() -> None:
    unit = usecases.get_programme("carbon-88")["unit"]
    assert unit == {"name": {"zh-CN": "分", "en": "points"}, "mg_per_point": 1000, "valid_months": 24}
    assert [each["id"] for each in usecases.list_programmes()["items"]] == ["carbon-88", "walk-and-win"]
