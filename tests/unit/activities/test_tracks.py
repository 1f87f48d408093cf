"""What a track is held against: speeds, gaps, teleports, what was told; and what makes two tracks one."""

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest

from puhui.activities.tracks import bands, errors, identity
from puhui.activities.tracks.features import Features, fixes, measure
from puhui.activities.tracks.model import track_of
from puhui.activities.tracks.plausibility import (
    SAME_ACCURACY,
    WINDING,
    quantity_by,
    require_plausible,
    signals,
)
from tests.support.made_tracks import BIKE, BUS, CAR, WALK, Trip, made, sent, steady, varied

READING, ALIKE, KEY = bands.reading(), bands.likeness(), b"k" * 32
RIDE = Trip(metres=3_000)


def features(body: dict[str, Any], behaviour: str = "cycling") -> Features:
    band = bands.band(behaviour)
    assert band is not None
    track = track_of(body)
    return measure(track, fixes(track, READING), READING, band.gap_seconds)


def judged(body: dict[str, Any], behaviour: str = "cycling") -> str:
    """The code of the refusal; "" for a plausible track."""
    band = bands.band(behaviour)
    assert band is not None
    try:
        require_plausible(features(body, behaviour), band, READING)
    except errors.TrackRefused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(
    ("behaviour", "speed", "metres"),
    [
        ("walking_trip", WALK, 1_200),
        ("walking_trip", WALK, 400),
        ("cycling", BIKE, 2_000),
        ("cycling", BIKE, 500),
        ("e_bike", 5.0, 4_000),
        ("bus_trip", BUS, 5_000),
        ("car_pool", CAR, 9_000),
        ("nev_driving", CAR, 9_000),
    ],
)
def test_made_trips_are_plausible_and_nearly_as_long_as_they_were(behaviour: str, speed: float, metres: int):
    for seed in range(40):
        body = made(Trip(seed=seed, speed=speed, metres=metres))
        assert judged(body, behaviour) == ""
        assert abs(features(body, behaviour).distance_m - metres) <= 0.03 * metres
        assert signals(features(body, behaviour), READING) == ()


@pytest.mark.parametrize(
    ("body", "behaviour"),
    [
        (made(Trip(speed=WALK)), "cycling"),
        (made(Trip(speed=BIKE)), "walking_trip"),
        (made(Trip(speed=CAR, metres=9_000)), "cycling"),
        (made(Trip(speed=CAR, metres=9_000)), "walking_trip"),
        (made(Trip(speed=38, metres=30_000, vary=0.03, stops=False)), "car_pool"),
        (made(Trip(speed=WALK)), "bus_trip"),
        (made(Trip(speed=3.0, metres=12_000)), "walking_trip"),
    ],
)
def test_another_way_to_travel_is_noticed(body: dict[str, Any], behaviour: str):
    assert judged(body, behaviour) == "TRACK_SPEED"


def test_one_fast_minute_is_no_bicycle():
    """A ride whose middle went by car."""
    body = made(Trip(metres=6_000))
    middle = len(body["seconds"]) // 2
    faster = [1 if abs(number - middle) < 30 else each for number, each in enumerate(body["seconds"])]
    assert judged(body | {"seconds": [0, *faster[1:]]}) == "TRACK_SPEED"


@pytest.mark.parametrize(("speed", "behaviour"), [(BIKE, "cycling"), (WALK, "walking_trip")])
def test_one_speed_all_the_time_is_a_simulator(speed: float, behaviour: str):
    assert judged(steady(speed=speed), behaviour) == "TRACK_SPEED_CONSTANT"
    assert judged(steady(speed=speed, every=1), behaviour) == "TRACK_SPEED_CONSTANT"


def test_a_cruise_control_may_keep_one_speed():
    assert judged(steady(speed=20, metres=15_000), "nev_driving") == ""


def test_five_steady_minutes_in_a_lively_ride_are_noticed():
    ride, line = track_of(made(Trip(metres=2_000))).degrees(), track_of(steady(metres=2_000)).degrees()
    end, start = ride[-1], line[0]
    joined = [*ride, *((lat + end[0] - start[0], lon + end[1] - start[1]) for lat, lon in line[1:])]
    assert judged(sent(joined, [0] + [5] * (len(joined) - 1))) == "TRACK_SPEED_CONSTANT"


def test_a_teleport_is_refused():
    track = track_of(made(RIDE))
    places = track.degrees()
    away = [(lat + 0.01, lon) if number > 60 else (lat, lon) for number, (lat, lon) in enumerate(places)]
    assert judged(sent(away, list(track.seconds))) == "TRACK_TELEPORT"


def test_points_that_state_a_wide_radius_do_not_count_and_many_of_them_say_nothing():
    body = made(RIDE)
    count = len(body["seconds"])
    few = [250 if number % 10 == 5 else 10 + number % 3 for number in range(count)]
    many = [250 if number % 3 == 1 else 10 for number in range(count)]
    assert judged(body | {"accuracy": few}) == ""
    assert features(body | {"accuracy": few}).dropped_percent > 0
    assert judged(body | {"accuracy": many}) == "TRACK_INACCURATE"
    assert judged(body | {"accuracy": [500] * count}) == "TRACK_INACCURATE"


def test_a_wild_point_of_wide_radius_is_no_teleport():
    track = track_of(made(RIDE))
    places = track.degrees()
    places[40] = (places[40][0] + 0.02, places[40][1])
    accuracy = [400 if number == 40 else 9 for number in range(len(places))]
    body = sent(places, list(track.seconds))
    assert judged(body) == "TRACK_TELEPORT"
    assert judged(body | {"accuracy": accuracy}) == ""


@pytest.mark.parametrize(("every", "code"), [(5, ""), (30, ""), (40, "TRACK_GAPS")])
def test_a_point_each_thirty_seconds_is_needed(every: int, code: str):
    assert judged(made(Trip(metres=6_000, every=every, stops=False))) == code


def test_a_fifth_of_the_time_may_be_missing():
    track = track_of(made(Trip(metres=6_000, stops=False)))
    for missing, code in ((40, ""), (120, "TRACK_GAPS")):
        places, seconds = track.degrees(), list(track.seconds)
        kept = [n for n in range(len(places)) if not 50 <= n < 50 + missing]
        gaps = [0] + [5 * (b - a) for a, b in itertools.pairwise(kept)]
        assert judged(sent([places[n] for n in kept], gaps)) == code
        assert seconds[1] == 5


def test_too_short_and_too_far():
    assert judged(made(Trip(metres=200))) == "TRACK_TOO_SHORT"
    assert judged(made(Trip(metres=85_000, every=20))) == "TRACK_TOO_FAR"


def test_who_stands_still_goes_nowhere():
    """A telephone on a table: its noise is no walk."""
    chance = random.Random(4)
    places = [(39.9 + chance.gauss(0, 3) / 111_000, 116.4 + chance.gauss(0, 3) / 85_000) for _ in range(400)]
    assert judged(sent(places, [0] + [5] * 399), "walking_trip") in ("TRACK_TOO_SHORT", "TRACK_SPEED")


def test_who_turns_in_circles_is_looked_at():
    """Ten times round a block: plausible speeds, and no trip."""
    once = track_of(varied(RIDE, metres=600, turns=0)).degrees()
    back = [*once, *reversed(once[:-1])]
    places = back * 5
    found = features(sent(places, [0] + [5] * (len(places) - 1)))
    assert WINDING in signals(found, READING)


def test_there_and_back_is_no_circle():
    once = track_of(varied(RIDE, metres=2_000)).degrees()
    places = [*once, *reversed(once[:-1])]
    found = features(sent(places, [0] + [5] * (len(places) - 1)))
    assert signals(found, READING) == ()


def test_one_accuracy_all_the_time_is_odd():
    body = made(RIDE)
    assert signals(features(body | {"accuracy": [5] * len(body["seconds"])}), READING) == (SAME_ACCURACY,)


def test_what_counts_is_what_the_track_shows():
    found = features(made(RIDE))
    metres = found.distance_m
    for told in ({}, {"distance_m": metres}, {"distance_m": metres + 500}):
        assert quantity_by(told, found, READING, ("distance_m",)) == {"distance_m": metres}
    with pytest.raises(errors.TrackDistanceDiffers):
        quantity_by({"distance_m": 2 * metres}, found, READING, ("distance_m",))
    with pytest.raises(errors.TrackDistanceDiffers):
        quantity_by({"distance_m": metres // 2}, found, READING, ("distance_m",))
    assert quantity_by({"passengers": 2}, found, READING, ("distance_m", "passengers")) == {
        "passengers": 2,
        "distance_m": metres,
    }
    assert quantity_by({}, found, READING, ("trips",)) == {"trips": 1}
    with pytest.raises(errors.TrackQuantity):
        quantity_by({"trips": 2}, found, READING, ("trips",))


def marks(body: dict[str, Any], key: bytes = KEY) -> identity.Marks:
    return identity.marks_of(fixes(track_of(body), READING), key, ALIKE.sketch_cells)


def moved(body: dict[str, Any], metres: float) -> dict[str, Any]:
    """A copy whose points were moved a little, each by itself."""
    chance, track = random.Random(7), track_of(body)
    return sent(
        [
            (lat + chance.gauss(0, metres) / 111_195, lon + chance.gauss(0, metres) / 85_000)
            for lat, lon in track.degrees()
        ],
        list(track.seconds),
    )


def test_the_same_points_at_the_same_pace_are_one_track_in_either_precision():
    track = track_of(made(RIDE))
    finer = sent(track.degrees(), list(track.seconds), precision=6)
    assert marks(made(RIDE)).identity == marks(finer).identity
    slower = made(RIDE) | {"seconds": [0, 6, *track.seconds[2:]]}
    assert marks(made(RIDE)).identity != marks(slower).identity


def test_nothing_that_is_kept_says_where_it_was():
    assert marks(made(RIDE)).identity != marks(made(RIDE), b"other key" * 4).identity
    assert not set(marks(made(RIDE)).sketch.cells) & set(marks(made(RIDE), b"other key" * 4).sketch.cells)


def test_a_sketch_is_stored_and_read():
    sketch = marks(made(RIDE)).sketch
    assert identity.Sketch.unpacked(sketch.packed()) == sketch
    assert len(sketch.cells) <= 64


def _reversed(body: dict[str, Any]) -> dict[str, Any]:
    track = track_of(body)
    return sent(track.degrees()[::-1], [0, *track.seconds[:0:-1]])


def _cut(body: dict[str, Any]) -> dict[str, Any]:
    track = track_of(body)
    return sent(track.degrees()[12:], [0, *track.seconds[13:]])


@pytest.mark.parametrize(
    "copy",
    [
        made(replace(RIDE, datum="gcj02")),
        made(replace(RIDE, precision=6)),
        moved(made(RIDE), 1),
        moved(made(RIDE), 3),
        _cut(made(RIDE)),
    ],
)
def test_copies_are_alike_and_meet(copy: dict[str, Any]):
    one, other = marks(made(RIDE)), marks(copy)
    assert one.identity != other.identity
    assert identity.alike(one.sketch, other.sketch, ALIKE)
    assert set(one.buckets) & set(other.buckets)


def test_nearly_all_copies_are_found_and_no_other_ride_on_the_same_way():
    found = 0
    for seed in range(40):
        trip = Trip(seed=seed, metres=3_000)
        own = marks(made(trip))
        copy = marks(moved(made(trip), 3))
        found += identity.alike(own.sketch, copy.sketch, ALIKE) and bool(set(own.buckets) & set(copy.buckets))
        for ride in range(2, 5):
            again = marks(made(replace(trip, ride=ride)))
            assert not identity.alike(own.sketch, again.sketch, ALIKE)
    assert found >= 34


def test_a_copy_that_runs_backward_is_alike():
    trip = Trip(metres=3_000, turns=0, stops=False)
    assert identity.alike(marks(made(trip)).sketch, marks(_reversed(made(trip))).sketch, ALIKE)


def test_every_threshold_has_its_source():
    table = bands._table()
    for part in ("reading", "similar"):
        assert all(each["source"] for each in table[part].values())
    assert all(each["source"] for each in table["bands"].values())
    assert bands.band("lights_off") is None
