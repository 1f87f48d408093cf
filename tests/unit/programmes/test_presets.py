"""The programmes that ship: what each counts, by which evidence, within which bounds."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from puhui.kernel.grades import PARTNER, SELF_DECLARED, STEPS, VERIFIED
from puhui.methodologies import api as methodologies
from puhui.methodologies import registry
from puhui.programmes import api, presets, usecases
from puhui.programmes.model import Behaviour, Programme
from tests.support.quantities import computed

CARBON_88 = api.programme("carbon-88")
WALK_AND_WIN = api.programme("walk-and-win")
OURS = ("green-passport-3060", "guangdong-tanpuhui", "national-market")
DAY = date(2026, 11, 20)
EIGHT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
FOLDER = Path(presets.__file__).parent / "presets"
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
        ("subway_trip", {"photo": "credits"}),
        ("lights_off", {"photo": "credits"}),
        ("no_tableware", {"partner": "credits", "photo": "credits", "self_declared": "points"}),
        ("cycling", {"track": "credits", "partner": "credits", "self_declared": "points"}),
        ("walking", {"steps": "points"}),
    ],
)
def test_a_behaviour_says_which_evidence_it_takes_and_what_each_gives(
    behaviour_id: str, evidence: dict[str, str]
) -> None:
    accepted = api.behaviour(CARBON_88, behaviour_id).evidence
    assert {grade: each.gives for grade, each in accepted.items()} == evidence


@each_behaviour
def test_neither_word_nor_steps_ever_give_credits(programme: Programme, behaviour: Behaviour) -> None:
    assert {behaviour.gives(SELF_DECLARED), behaviour.gives(STEPS)} <= {"", "points", "record"}, programme.id


def test_a_market_takes_only_what_a_registry_would_accept() -> None:
    market = api.programme("national-market")
    grades = {grade for behaviour in market.behaviours.values() for grade in behaviour.evidence}
    assert grades == {PARTNER, VERIFIED}


def test_a_word_for_the_evidence_in_a_former_document_is_still_read() -> None:
    document = json.loads(json.dumps(presets.document("carbon-88")))
    former = {
        "none": {"self_declared": "points"},
        "photo": {"photo": "credits"},
        "steps": {"steps": "points"},
    }
    former["photo_optional"] = former["none"] | former["photo"]
    for word, meant in former.items():
        document["behaviours"][0]["evidence"] = word
        read = presets.from_document(document).behaviours["subway_trip"].evidence
        assert {grade: each.gives for grade, each in read.items()} == meant


def test_a_day_of_walking_is_capped_by_each_programme_itself() -> None:
    assert api.behaviour(CARBON_88, "walking").caps.per_day_mg == 10_000
    assert api.behaviour(WALK_AND_WIN, "walking").caps.per_day_mg == 296_000


@each_behaviour
def test_a_programme_only_narrows_what_the_methodology_takes(
    programme: Programme, behaviour: Behaviour
) -> None:
    methodology = registry.methodology(behaviour.methodology_id, behaviour.methodology_version)
    inputs = {each.name: each for each in methodology.inputs}
    assert {*behaviour.bounds, *behaviour.choices} == inputs.keys(), programme.id
    for name, (least, most) in behaviour.bounds.items():
        assert inputs[name].least <= least <= most <= inputs[name].most


@each_behaviour
def test_every_behaviour_can_be_quantified_from_its_least_to_its_most(
    programme: Programme, behaviour: Behaviour
) -> None:
    fewest = max((len(words) for words in behaviour.choices.values()), default=1)
    for position in range(fewest):
        words = {name: of[position % len(of)] for name, of in behaviour.choices.items()}
        least, most = (
            computed(
                programme, behaviour, {name: of[end] for name, of in behaviour.bounds.items()} | words, DAY
            )
            for end in (0, 1)
        )
        assert least.reduction_mg >= 0
        assert most.reduction_mg >= 0
        assert least.credits_allowed is most.credits_allowed


@each_behaviour
def test_a_cap_says_why_it_is_there(programme: Programme, behaviour: Behaviour) -> None:
    assert behaviour.caps_note is not None, programme.id
    assert behaviour.caps.listed(behaviour.measure)


WITH_CREDITS = {"subway_trip", "bus_trip", "cycling", "no_tableware", "clean_plate", "parcel_box_return"}


@pytest.mark.parametrize("programme_id", OURS)
def test_only_published_lower_bounds_give_credits_and_the_rest_points(programme_id: str) -> None:
    programme = api.programme(programme_id)
    for behaviour in programme.behaviours.values():
        quantity = {name: most for name, (_, most) in behaviour.bounds.items()}
        words = {name: of[0] for name, of in behaviour.choices.items()}
        act = computed(programme, behaviour, quantity | words, DAY)
        assert act.credits_allowed is (behaviour.id in WITH_CREDITS), behaviour.id
        assert bool(act.credits_mg) is (behaviour.id in WITH_CREDITS), behaviour.id


def test_a_trip_by_subway_is_worth_what_each_programmes_source_says() -> None:
    worth = {}
    for programme_id in ("carbon-88", *OURS):
        programme = api.programme(programme_id)
        act = methodologies.quantify(programme, programme.behaviours["subway_trip"], {"trips": 1}, DAY)
        worth[programme_id] = act.credits_mg
    assert worth == {
        "carbon-88": 200_000,
        "green-passport-3060": 46_000,
        "guangdong-tanpuhui": 515_500,
        "national-market": 46_000,
    }


def test_green_passport_counts_every_behaviour_there_is() -> None:
    assert len(api.programme("green-passport-3060").behaviours) == 20


def test_the_national_market_counts_only_what_gives_credits_and_has_no_points() -> None:
    market = api.programme("national-market")
    assert market.points is None
    assert set(market.behaviours) == WITH_CREDITS


def test_guangdongs_coins_are_carbon_coins() -> None:
    guangdong = api.programme("guangdong-tanpuhui")
    assert guangdong.jurisdiction == "CN-GD"
    assert guangdong.unit_name == {"zh-CN": "碳币", "en": "carbon coins"}
    assert guangdong.points is not None


@pytest.mark.parametrize("programme_id", OURS)
def test_what_one_meter_saves_is_counted_once_for_a_household(programme_id: str) -> None:
    behaviours = api.programme(programme_id).behaviours
    for name in {"household_electricity", "household_water"} & behaviours.keys():
        assert behaviours[name].caps.per_household_day_acts == 1


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
    assert api.occupied_minutes(subway, {"trips": 1}) == 20
    assert api.occupied_minutes(subway, {"trips": 4}) == 80


def test_a_ride_takes_its_distance_at_15_km_an_hour_in_whole_minutes() -> None:
    cycling = api.behaviour(CARBON_88, "cycling")
    minutes = [api.occupied_minutes(cycling, {"distance_m": metres}) for metres in (1, 250, 251, 15_000)]
    assert minutes == [1, 1, 2, 60]


@pytest.mark.parametrize("programme_id", presets.ids())
def test_what_takes_time_says_the_least_that_is_plausible_and_its_source(programme_id: str) -> None:
    document = json.loads((FOLDER / f"{programme_id}.json").read_text())
    for behaviour in document["behaviours"]:
        takes = behaviour.get("occupies")
        assert takes is None or (takes["least"] and takes["note"]), behaviour["id"]


def test_a_ride_takes_at_least_its_distance_at_30_km_an_hour_and_a_trip_five_minutes() -> None:
    cycling, subway = (api.behaviour(CARBON_88, name).occupies for name in ("cycling", "subway_trip"))
    assert cycling is not None
    assert subway is not None
    assert [cycling.least_of({"distance_m": metres}) for metres in (1, 1_000, 30_000)] == [1, 2, 60]
    assert (subway.least_of({"trips": 1}), subway.least_of({"trips": 4})) == (5, 20)
    assert cycling.least_time({"distance_m": 100}) == timedelta(seconds=12)


def test_a_day_of_steps_takes_no_time_of_its_own() -> None:
    walking = api.behaviour(CARBON_88, "walking")
    assert api.occupied_minutes(walking, {"steps": 9000}) == 0


def test_the_behaviour_that_clients_see_says_what_to_send() -> None:
    first, *_ = usecases.list_behaviours("carbon-88")["items"]
    assert first["quantity_schema"]["required"] == ["trips"]
    assert first["evidence"] == [{"grade": "photo", "gives": "credits", "photos_max": 3}]
    assert [(cap["per"], cap["measure"], cap["limit"]) for cap in first["caps"]] == [
        ("day", "acts", 4),
        ("day", "trips", 4),
    ]


def test_the_programme_that_clients_see_names_its_unit() -> None:
    unit = usecases.get_programme("carbon-88")["unit"]
    assert unit == {"name": {"zh-CN": "分", "en": "points"}, "mg_per_point": 1000, "valid_months": 24}
    listed = [each["id"] for each in usecases.list_programmes()["items"]]
    assert listed == sorted(listed)
    assert {"ant-forest", "beijing-maas", "carbon-88", "walk-and-win"} <= set(listed)


def test_green_energy_matures_a_day_after_the_act_and_waits_three() -> None:
    claim = api.programme("ant-forest").claim
    assert claim.times(EIGHT) == (EIGHT + timedelta(hours=24), EIGHT + timedelta(hours=96))


def test_a_trip_appears_on_the_third_day_in_china_and_lapses_seven_days_later() -> None:
    claim = api.programme("beijing-maas").claim
    late = datetime(2026, 11, 20, 15, 59, tzinfo=UTC)  # 23:59 in China
    for at in (EIGHT, late):
        matured_at, collect_by = claim.times(at)
        assert matured_at.isoformat() == "2026-11-22T00:00:00+08:00"
        assert collect_by.isoformat() == "2026-11-29T00:00:00+08:00"
    next_day, _ = claim.times(late + timedelta(minutes=1))
    assert next_day.isoformat() == "2026-11-23T00:00:00+08:00"


def test_what_was_verified_later_than_it_would_have_matured_matures_when_it_was_verified() -> None:
    claim = api.programme("ant-forest").claim
    verified = EIGHT + timedelta(hours=30)
    assert claim.times(EIGHT, verified) == (verified, verified + timedelta(hours=72))
    assert claim.times(EIGHT, EIGHT + timedelta(hours=1)) == claim.times(EIGHT)


def test_an_automatic_programme_has_no_times() -> None:
    with pytest.raises(ValueError, match="automatic"):
        CARBON_88.claim.times(EIGHT)


def test_the_claim_rule_that_clients_see_is_the_documents() -> None:
    assert usecases.get_programme("carbon-88")["claim"] == {"rule": "automatic", "window_days": 31}
    assert usecases.get_programme("beijing-maas")["claim"] == {
        "rule": "collect",
        "window_days": 9,
        "matures_after": {"days": 2},
        "collect_within": {"days": 7},
    }
    friends = usecases.get_programme("ant-forest")["claim"]["friends"]
    assert (friends["share_max_percent"], friends["owner_keeps_min_percent"]) == (20, 60)
