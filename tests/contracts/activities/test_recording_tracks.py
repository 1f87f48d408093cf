"""Trips that a track shows: credited at once, refused with a reason, or seen by a person."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from puhui.activities import erasing, reading, verification
from puhui.activities.acts.model import Activity
from puhui.activities.errors import (
    ActsOverlap,
    ClaimedElsewhere,
    EvidenceNotAccepted,
    EvidenceNotWanted,
    OccurredInFuture,
    StepsComeFromWeRun,
)
from puhui.activities.steps import sync_steps
from puhui.activities.tables import Tables
from puhui.activities.tracks.errors import (
    TrackDistanceDiffers,
    TrackEndDiffers,
    TrackReused,
    TrackSpeed,
    TrackSpeedConstant,
    TrackTeleport,
)
from puhui.activities.tracks.model import track_of
from puhui.kernel import ids
from puhui.kernel.errors import DomainError
from puhui.members.capture_api import Consents
from puhui.members.errors import ConsentRequired
from puhui.store.sealing import Sealer
from tests.contracts.activities.conftest import NOW, SENT, Acts
from tests.support.made_tracks import CAR, WALK, Trip, made, seconds_of, sent, steady

RIDE = Trip(metres=3_000)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _sealed(acts: Acts) -> None:
    acts.tables.activities.__dict__["sealer"] = Sealer(b"k" * 32, b"p" * 32)


def ride(acts: Acts, body: dict[str, Any] | None = None, **more: Any) -> Activity:
    quantity = more.pop("quantity", {"distance_m": 3_000})
    return acts.record("cycling", track=body or made(RIDE), quantity=quantity, **more)


def somebody(acts: Acts, number: int = 1) -> Acts:
    return acts.of(ids.new_id(NOW - (60 + number) * DAY))


def test_a_plausible_ride_is_credited_at_once_by_what_its_track_measures(acts: Acts):
    ridden = ride(acts, key="a")
    metres = ridden.track["distance_m"]
    assert 2_950 < metres < 3_050
    assert (ridden.status, ridden.grade, ridden.quantity) == ("credited", "track", {"distance_m": metres})
    assert ridden.credits_mg == 250 * metres
    assert not ridden.points_only
    assert ridden.ended_at == NOW + timedelta(seconds=seconds_of(made(RIDE)))
    assert acts.points() == 250 * metres // 1000
    assert ride(acts, key="a") == ridden, "the same request again"
    assert acts.points() == 250 * metres // 1000
    body = reading.activity_body(ridden, SENT)
    assert body["track"]["distance_m"] == metres
    assert acts.sound()


def test_nothing_that_is_stored_says_where_but_one_sealed_item(acts: Acts):
    ridden = ride(acts)
    items = acts.tables.activities.dynamodb.query(
        acts.tables.activities.table,
        "#owner = :o",
        {":o": f"member:{acts.member_id}"},
        names={"#owner": "owner"},
    )[0]
    polyline = made(RIDE)["polyline"]
    assert [item["entry"] for item in items if "sealed" in item] == [f"T#{ridden.id}"]
    assert not [item for item in items if polyline[:12] in str(item)]
    points = acts.tables.activities.tracks.points(acts.member_id, ridden.id, SENT)
    assert points == track_of(made(RIDE))


def test_the_members_word_is_held_to_the_track(acts: Acts):
    with pytest.raises(TrackDistanceDiffers):
        ride(acts, quantity={"distance_m": 9_000})
    with pytest.raises(TrackEndDiffers):
        ride(acts, ended_at=NOW + 2 * HOUR)
    end = NOW + timedelta(seconds=seconds_of(made(RIDE)))
    assert ride(acts, ended_at=end + 30 * timedelta(seconds=1)).ended_at == end


def test_a_clock_that_runs_ahead_is_believed_for_five_minutes(acts: Acts):
    end = timedelta(seconds=seconds_of(made(RIDE)))
    with pytest.raises(OccurredInFuture):
        ride(acts, at=SENT - end + 6 * MINUTE)
    assert ride(acts, at=SENT - end + 4 * MINUTE).status == "credited"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (steady(3_000), TrackSpeedConstant),
        (made(Trip(speed=CAR, metres=3_000)), TrackSpeed),
        (sent([(39.9, 116.4), (39.9, 116.4), (39.93, 116.4)], [0, 30, 30]), TrackTeleport),
    ],
)
def test_what_is_no_ride_is_refused_and_leaves_nothing(
    acts: Acts, body: dict[str, Any], error: type[DomainError]
):
    with pytest.raises(error):
        ride(acts, body)
    assert acts.points() == 0
    assert ride(acts).status == "credited"


def test_the_same_track_at_another_time_is_refused_in_every_programme(acts: Acts):
    ride(acts)
    for programme in ("carbon-88", "beijing-maas", "ant-forest"):
        with pytest.raises(TrackReused):
            ride(acts, at=NOW - 5 * HOUR, programme=programme)
    with pytest.raises(ClaimedElsewhere):
        ride(acts, programme="beijing-maas")
    with pytest.raises(TrackReused):
        ride(acts, at=NOW + 20 * HOUR, now=NOW + 2 * DAY)


def test_of_two_members_with_one_track_one_is_credited(acts: Acts):
    people = [somebody(acts, number) for number in range(4)]

    def send(member: Acts) -> str:
        try:
            return ride(member, at=NOW - timedelta(minutes=people.index(member))).status
        except TrackReused as refused:
            return refused.code

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(send, people))
    assert found == ["TRACK_REUSED"] * 3 + ["credited"]
    assert sum(member.points() > 0 for member in people) == 1
    assert acts.sound()


def moved(body: dict[str, Any]) -> dict[str, Any]:
    track = track_of(body)
    places = [(lat + 2e-5 * (n % 3 - 1), lon) for n, (lat, lon) in enumerate(track.degrees())]
    return sent(places, list(track.seconds))


def test_a_near_copy_waits_for_a_person_and_can_be_credited_or_refused(acts: Acts):
    ride(acts)
    other, third = somebody(acts, 1), somebody(acts, 2)
    copy = ride(other, moved(made(RIDE)), at=NOW - 3 * HOUR)
    assert (copy.status, copy.signals) == ("verifying", ("TRACK_SIMILAR",))
    assert reading.activity_body(copy, SENT)["status"] == "verifying"
    assert other.points() == 0
    found = verification.assess_risk(other.member_id, copy.id, [], activities=acts.tables.activities)
    assert found["outcome"] == "review"
    refused = verification.refuse_activity(
        other.member_id, copy.id, "ALREADY_COUNTED", tables=acts.tables, now=SENT
    )
    assert (refused.status, other.points()) == ("refused", 0)
    again = ride(third, moved(moved(made(RIDE))), at=NOW - 3 * HOUR)
    verification.credit_activity(third.member_id, again.id, tables=acts.tables, now=SENT)
    assert third.points() == again.credits_mg // 1000
    assert acts.sound()


def test_the_same_way_to_work_each_day_is_no_copy(acts: Acts):
    for day in range(5):
        body = made(replace(RIDE, ride=day))
        ridden = ride(acts, body, at=NOW - day * DAY)
        assert ridden.status == "credited"


def test_beyond_twenty_kilometres_a_day_a_person_looks(acts: Acts):
    for number in range(6):
        body = made(Trip(seed=20 + number, metres=6_000))
        ridden = ride(acts, body, quantity={"distance_m": 6_000}, at=NOW - number * HOUR)
        large = number >= 3
        assert (ridden.status, ridden.signals) == (
            ("verifying", ("DAY_LARGE",)) if large else ("credited", ())
        )


def test_where_acts_are_collected_a_ride_matures(acts: Acts):
    maas = replace(acts, programme_id="beijing-maas")
    ridden = ride(maas)
    assert (ridden.status, ridden.grade) == ("maturing", "track")
    assert ridden.matured_at is not None
    assert ridden.matured_at.date() == (NOW + 2 * DAY).date()
    doubtful = ride(somebody(maas), moved(made(RIDE)), at=NOW - HOUR)
    assert (doubtful.status, doubtful.matured_at) == ("verifying", None)


def test_one_trip_as_ride_and_bus_and_metro_counts_once(acts: Acts):
    """In one programme and in others; what is sure of the ride is all of it."""
    ride(acts)
    middle = NOW + timedelta(seconds=seconds_of(made(RIDE)) // 2)
    for programme, behaviour in (
        ("beijing-maas", "bus_trip"),
        ("beijing-maas", "subway_trip"),
        ("ant-forest", "bus_trip"),
        ("guangdong-tanpuhui", "subway_trip"),
    ):
        with pytest.raises(ActsOverlap):
            acts.record(behaviour, quantity={"trips": 1}, programme=programme, at=middle)
        with pytest.raises(ActsOverlap):
            acts.record(
                behaviour, quantity={"trips": 1}, programme=programme, at=NOW - MINUTE, ended_at=middle
            )
    bus = acts.record("bus_trip", quantity={"trips": 1}, programme="beijing-maas", at=NOW - HOUR)
    with pytest.raises(ActsOverlap):
        ride(acts, made(replace(RIDE, ride=2)), at=bus.occurred_at + 2 * MINUTE)


def test_a_ride_after_the_bus_is_another_trip(acts: Acts):
    ride(acts)
    after = NOW + timedelta(seconds=seconds_of(made(RIDE))) + MINUTE
    assert acts.record("bus_trip", quantity={"trips": 1}, programme="beijing-maas", at=after).id


WALK_TRIP = Trip(speed=WALK, metres=1_000)


def walk(acts: Acts, body: dict[str, Any] | None = None, **more: Any) -> Activity:
    return acts.record("walking_trip", track=body or made(WALK_TRIP), quantity={"distance_m": 1_000}, **more)


def synced(acts: Acts, count: int) -> int:
    """The mg that a day's steps have given in all."""
    sync_steps(
        acts.member_id,
        acts.programme_id,
        [(NOW.date(), count)],
        key=None,
        body_hash="b",
        tables=acts.tables,
        now=SENT,
    )
    day = acts.tables.activities.days.find_all(acts.member_id, [NOW.date()])[0].walking()
    return day.mg if day else 0


def test_a_walk_that_a_track_shows_gives_credits(acts: Acts):
    maas = replace(acts, programme_id="beijing-maas")
    walked = walk(maas)
    metres = walked.track["distance_m"]
    assert (walked.status, walked.points_only) == ("maturing", False)
    assert walked.credits_mg == 16984 * metres // 100
    with pytest.raises(ActsOverlap):
        ride(maas, at=NOW + 5 * MINUTE)


def test_a_walk_counts_once_by_steps_or_by_its_track(acts: Acts):
    """In whatever order, and in whatever programme the steps were."""
    first, other = (replace(somebody(acts, n), programme_id="beijing-maas") for n in (1, 2))
    whole = walk(replace(somebody(acts, 3), programme_id="beijing-maas"), made(replace(WALK_TRIP, seed=5)))
    assert synced(first, 2_000) == 10_000
    less = walk(first, made(replace(WALK_TRIP, seed=6)))
    assert less.credits_mg == 16984 * less.track["distance_m"] // 100 - 10_000
    second = walk(first, made(replace(WALK_TRIP, seed=7)), at=NOW - 3 * HOUR)
    assert second.credits_mg < 296_000, "the rest of the cap; the steps were taken off once"
    assert synced(first, 4_000) == 10_000, "what was given stays"
    walk(other, made(replace(WALK_TRIP, seed=8)))
    assert synced(other, 2_000) == 0
    assert whole.credits_mg > less.credits_mg
    elsewhere = replace(somebody(acts, 4), programme_id="ant-forest")
    gained = synced(elsewhere, 1_000)
    mine = walk(replace(elsewhere, programme_id="beijing-maas"), made(replace(WALK_TRIP, seed=9)))
    assert mine.credits_mg == 16984 * mine.track["distance_m"] // 100 - gained


def test_tracks_show_what_the_programme_accepts_them_for(acts: Acts):
    with pytest.raises(EvidenceNotAccepted):
        ride(acts, programme="national-market")
    with pytest.raises(StepsComeFromWeRun):
        acts.record("walking", track=made(RIDE), quantity={"steps": 100})
    with pytest.raises(EvidenceNotWanted):
        ride(acts, evidence=("01KAGZ3V9Q8M4T2X7C5R6N1P0D",))


def test_an_erased_member_leaves_nothing_that_a_place_could_be_told_from(acts: Acts):
    ridden = ride(acts)
    passport = replace(acts, programme_id="green-passport-3060")
    quantity = {"consumed_wh": 1_000, "days": 1, "persons": 1}
    meter = {"number": "SZ-1", "reading": 5_000}
    read = passport.record("household_electricity", quantity=quantity, at=NOW - DAY, meter=meter)
    outside = erasing.Outside(delete_files=lambda _: 0, stop=lambda _: None)
    erasing.erase_member(acts.member_id, SENT, tables=acts.tables, outside=outside)
    table = acts.tables.activities
    owners = [f"member:{acts.member_id}", f"meter:{read.meter['id']}"]
    owners += [f"tracks:{bucket}" for bucket in ridden.track["prints"]]
    for owner in owners:
        assert list(table.dynamodb.all_entries(table.table, ("owner", owner), "T")) == []
        assert list(table.dynamodb.all_entries(table.table, ("owner", owner), "20")) == []
        assert list(table.dynamodb.all_entries(table.table, ("owner", owner), "M#house")) == []
    with pytest.raises(TrackReused):
        ride(somebody(acts))


def test_nothing_is_kept_before_its_member_agreed(acts: Acts, make_table: Callable[[str], str]):
    consents = Consents(make_table("members"))
    item = {**consents.key(acts.member_id).key, "consents": {}, "nickname": "m", "roles": []}
    activities = acts.tables.activities
    activities.dynamodb.put_all(consents.table, [item])
    silent = replace(acts, tables=Tables(activities, acts.tables.ledger, consents))
    with pytest.raises(ConsentRequired):
        ride(silent)
    assert (
        activities.dynamodb.get(activities.table, {"owner": f"member:{acts.member_id}", "entry": "T#"})
        is None
    )
    copy = ride(somebody(acts), moved(made(RIDE)))
    assert (copy.status, copy.signals) == ("credited", ()), "nothing is known of the first"
