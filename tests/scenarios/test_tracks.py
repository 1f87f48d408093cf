"""Trips that a phone recorded, through HTTP: rides and walks that count, and those who would like some to."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from puhui.activities.tracks import gpx
from puhui.activities.tracks.model import track_of
from tests.scenarios.life import Member
from tests.support.made_tracks import WALK, Trip, made, seconds_of, sent, steady

pytestmark = pytest.mark.local_cloud

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = timedelta(hours=12)


@pytest.fixture
def me(api: httpx.Client) -> Member:
    return traveller(api)


def traveller(api: httpx.Client) -> Member:
    """Somebody who lets us know where they go."""
    member = Member(api)
    member.consent("whereabouts")
    return member


@pytest.fixture
def fresh() -> int:
    """A seed that no other test, and no earlier run on this cloud, had."""
    return time.time_ns() % 10**12


def record(
    member: Member,
    body: dict[str, Any],
    *,
    behaviour: str = "cycling",
    metres: int = 2_000,
    ago: timedelta = timedelta(0),
    **more: Any,
) -> httpx.Response:
    """Record a trip that ended a minute, and ``ago``, before now."""
    at = datetime.now(UTC) - timedelta(seconds=seconds_of(body)) - MINUTE - ago
    more = {"at": at, "track": body, **more}
    return member.record(behaviour, {"distance_m": metres}, **more)


def code(answer: httpx.Response) -> str:
    problem: str = answer.json().get("code", "")
    return f"{answer.status_code} {problem}".strip()


def test_a_ride_gives_250_grams_a_kilometre_by_its_track(me: Member, fresh: int):
    """carbon-88: the seeds' figure."""
    body = made(Trip(seed=fresh, metres=2_000))
    first = record(me, body, key="ride", at=(at := datetime.now(UTC) - HOUR))
    assert first.status_code == 201, first.text
    activity = first.json()
    metres = activity["track"]["distance_m"]
    assert 1_900 < metres < 2_100
    assert (activity["grade"], activity["status"]) == ("track", "credited")
    assert (activity["credits_mg"], activity["points"]) == (250 * metres, 250 * metres // 1000)
    ended = datetime.fromisoformat(activity["ended_at"])
    assert (ended - datetime.fromisoformat(activity["occurred_at"])).total_seconds() == seconds_of(body)
    assert record(me, body, key="ride", at=at).json() == activity
    shown = me.get(f"/activities/{activity['id']}/explanation")
    assert shown["credits_mg"] == 250 * metres
    assert me.get(f"/activities/{activity['id']}")["track"] == activity["track"]
    assert me.points() == activity["points"]


def test_nothing_is_taken_before_the_member_agrees(api: httpx.Client, local_cloud: Any, fresh: int):
    def known() -> int:
        return sum(item["owner"].startswith("track") for item in local_cloud.items("activities"))

    stranger = Member(api)
    body, before = made(Trip(seed=fresh)), known()
    assert code(record(stranger, body, metres=2_000)) == "403 CONSENT_REQUIRED"
    text = gpx.written(track_of(body), datetime.now(UTC) - HOUR, "ride")
    assert code(stranger.request("POST", "/tracks", json={"gpx": text})) == "403 CONSENT_REQUIRED"
    assert known() == before
    stranger.consent("whereabouts")
    assert record(stranger, body, metres=2_000).status_code == 201
    assert known() == before + 5, "a claim, and a print in each of four buckets"


def test_beijings_rides_and_walks_appear_on_the_third_day(api: httpx.Client, fresh: int):
    for behaviour, trip in (
        ("cycling", Trip(seed=fresh, metres=2_000)),
        ("walking_trip", Trip(seed=fresh + 1, metres=1_200, speed=WALK, datum="gcj02", precision=6)),
    ):
        me = traveller(api)
        answer = record(
            me,
            made(trip),
            behaviour=behaviour,
            metres=int(trip.metres),
            ago=HOUR,
            programme_id="beijing-maas",
        )
        assert answer.status_code == 201, answer.text
        activity = answer.json()
        metres = activity["track"]["distance_m"]
        grams = 250_000 * metres // 1000 if behaviour == "cycling" else 16984 * metres // 100
        assert (activity["status"], activity["credits_mg"]) == ("maturing", grams)
        early = me.request("POST", f"/activities/{activity['id']}/collection")
        assert code(early) == "409 NOT_MATURE"
        (balance,) = me.get("/me/balances")["items"]
        assert balance["pending_mg"] == grams


def test_a_watchs_gpx_is_read_and_recorded(me: Member, fresh: int):
    body = made(Trip(seed=fresh, metres=2_000))
    began = (datetime.now(UTC) - 2 * HOUR).replace(microsecond=0)
    answer = me.request("POST", "/tracks", json={"gpx": gpx.written(track_of(body), began, "骑行")})
    assert answer.status_code == 200, answer.text
    read = answer.json()
    assert datetime.fromisoformat(read["occurred_at"]) == began
    ridden = record(me, read["track"], at=began, metres=read["distance_m"])
    assert (ridden.status_code, ridden.json()["track"]["distance_m"]) == (201, read["distance_m"])
    bomb = '<!DOCTYPE gpx [<!ENTITY a "aaaa">]><gpx>&a;</gpx>'
    assert code(me.request("POST", "/tracks", json={"gpx": bomb})) == "422 GPX_UNREADABLE"


def teleport(seed: int) -> dict[str, Any]:
    track = track_of(made(Trip(seed=seed, metres=2_000)))
    places = [(lat + 0.01 * (n > 60), lon) for n, (lat, lon) in enumerate(track.degrees())]
    return sent(places, list(track.seconds))


ATTACKS = {
    "by car": (lambda seed: made(Trip(seed=seed, speed=20, metres=9_000)), 9_000, "422 TRACK_SPEED"),
    "on foot": (lambda seed: made(Trip(seed=seed, speed=WALK)), 2_000, "422 TRACK_SPEED"),
    "a teleport": (teleport, 2_000, "422 TRACK_TELEPORT"),
    "one speed": (lambda _: steady(2_000), 2_000, "422 TRACK_SPEED_CONSTANT"),
    "three times as far": (
        lambda seed: made(Trip(seed=seed, metres=2_000)),
        9_000,
        "422 TRACK_DISTANCE_DIFFERS",
    ),
    "two points": (lambda _: sent([(39.9, 116.4), (39.927, 116.4)], [0, 600]), 2_000, "422 TRACK_GAPS"),
    "backwards": (
        lambda seed: made(Trip(seed=seed)) | {"seconds": [0, -5, *made(Trip(seed=seed))["seconds"][2:]]},
        2_000,
        "422 TRACK_TIME_BACKWARDS",
    ),
    "no polyline": (
        lambda seed: made(Trip(seed=seed)) | {"polyline": "????~"},
        2_000,
        "422 TRACK_UNREADABLE",
    ),
    "nowhere on Earth": (
        lambda seed: made(Trip(seed=seed, precision=6)) | {"precision": 5},
        2_000,
        "422 TRACK_UNREADABLE",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_no_ride_gives_nothing(me: Member, fresh: int, attack: str):
    make, metres, expected = ATTACKS[attack]
    assert code(record(me, make(fresh), metres=metres)) == expected
    assert (me.get("/activities")["items"], me.points()) == ([], 0)


def test_a_track_counts_once_whatever_its_time_its_member_and_its_programme(
    me: Member, api: httpx.Client, fresh: int
):
    body = made(Trip(seed=fresh, metres=2_000))
    first = record(me, body)
    assert first.status_code == 201, first.text
    finer = sent(track_of(body).degrees(), body["seconds"], precision=6)
    other = traveller(api)
    for who, what, ago, programme in (
        (me, body, 3 * HOUR, "carbon-88"),
        (me, finer, 3 * HOUR, "carbon-88"),
        (me, body, 3 * HOUR, "beijing-maas"),
        (other, body, timedelta(0), "carbon-88"),
        (other, body, 5 * HOUR, "ant-forest"),
    ):
        answer = record(who, what, ago=ago, programme_id=programme)
        assert code(answer) == "409 TRACK_REUSED", answer.text
        assert answer.json()["detail"]
    assert other.points() == 0
    assert me.points() == first.json()["points"]


def test_a_copy_whose_points_were_moved_waits_for_a_person(me: Member, api: httpx.Client, fresh: int):
    body = made(Trip(seed=fresh, metres=2_000))
    assert record(me, body).status_code == 201
    track = track_of(body)
    places = [(lat + 2e-5 * (n % 3 - 1), lon) for n, (lat, lon) in enumerate(track.degrees())]
    other = traveller(api)
    copy = record(other, sent(places, body["seconds"]), ago=HOUR)
    assert (copy.status_code, copy.json()["status"]) == (202, "verifying"), copy.text
    assert other.points() == 0
    verifier = Member(api, "demo-verifier")
    deadline = time.monotonic() + 120
    while True:
        waiting = verifier.get("/reviews", limit=100)["items"]
        mine = [each for each in waiting if each["activity_id"] == copy.json()["id"]]
        if mine:
            break
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert "TRACK_SIMILAR" in str(mine[0]["risk"]["signals"])


def test_a_clock_may_run_ahead_by_five_minutes(me: Member, fresh: int):
    body = made(Trip(seed=fresh, metres=2_000))
    ahead = datetime.now(UTC) - timedelta(seconds=seconds_of(body))
    assert code(record(me, body, at=ahead + 8 * MINUTE)) == "422 OCCURRED_IN_FUTURE"
    assert record(me, body, at=ahead + 3 * MINUTE).status_code == 201


def test_one_trip_is_a_ride_or_a_bus_or_a_metro_trip(me: Member, fresh: int):
    body = made(Trip(seed=fresh, metres=2_000))
    at = datetime.now(UTC) - 2 * HOUR
    assert record(me, body, at=at).status_code == 201
    for behaviour in ("bus_trip", "subway_trip"):
        told = me.record(behaviour, {"trips": 1}, at=at + 4 * MINUTE, programme_id="beijing-maas")
        assert code(told) == "409 ACTS_OVERLAP", told.text
    bus = me.record("bus_trip", {"trips": 1}, at=at - HOUR, programme_id="beijing-maas")
    assert bus.status_code == 201, bus.text
    again = made(Trip(seed=fresh + 1, metres=2_000))
    assert code(record(me, again, at=at - HOUR + 2 * MINUTE)) == "409 ACTS_OVERLAP"
    on_the_bus = made(Trip(seed=fresh + 2, speed=20, metres=6_000))
    assert code(record(me, on_the_bus, at=at - 4 * HOUR, metres=6_000)) == "422 TRACK_SPEED"


def test_where_somebody_was_is_nowhere_to_be_read(me: Member, local_cloud: Any, fresh: int):
    body = made(Trip(seed=fresh, metres=2_000))
    activity = record(me, body).json()
    items = local_cloud.items("activities")
    assert body["polyline"][:16] not in str(items)
    sealed = [item for item in items if item["entry"] == f"T#{activity['id']}"]
    assert len(sealed) == 1
    assert 6 * DAY < datetime.fromtimestamp(int(sealed[0]["ends"]), UTC) - datetime.now(UTC) < 8 * DAY
