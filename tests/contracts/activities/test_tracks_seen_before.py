"""Tracks on real tables: one winner, copies that are noticed, points that are sealed and end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from puhui.activities.tracks.bands import likeness, reading
from puhui.activities.tracks.errors import TrackReused
from puhui.activities.tracks.features import fixes
from puhui.activities.tracks.identity import Marks, marks_of
from puhui.activities.tracks.model import track_of
from puhui.activities.tracks.repository import POINTS_KEPT, REMEMBERED, Tracks
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from tests.contracts.activities.conftest import NOW
from tests.support.made_tracks import Trip, made, sent

pytestmark = pytest.mark.usefixtures("engine")

RIDE = Trip(metres=3_000)
DAY = timedelta(days=1)


@pytest.fixture
def tracks(make_table: Callable[[str], str]) -> Tracks:
    return Tracks(DynamoDB(), make_table("activities"), lambda: Sealer(b"k" * 32, b"p" * 32))


def marks(tracks: Tracks, body: dict[str, Any]) -> Marks:
    return marks_of(fixes(track_of(body), reading()), tracks.key, likeness().sketch_cells)


def take(tracks: Tracks, body: dict[str, Any], activity_id: str, member_id: str = "M1") -> None:
    session = Session(tracks.dynamodb)
    tracks.add(
        session,
        track_of(body),
        marks(tracks, body),
        member_id=member_id,
        activity_id=activity_id,
        now=NOW,
    )
    session.commit()


def moved(body: dict[str, Any], degrees: float) -> dict[str, Any]:
    """The same to the eye: each point off by about as much as a receiver is, this way and that."""
    track = track_of(body)
    places = [(lat + degrees * (n % 3 - 1), lon) for n, (lat, lon) in enumerate(track.degrees())]
    return sent(places, list(track.seconds))


def test_a_track_is_one_acts(tracks: Tracks):
    take(tracks, made(RIDE), "A1")
    take(tracks, made(RIDE), "A1")  # a step that runs twice
    with pytest.raises(TrackReused):
        take(tracks, made(RIDE), "A2")
    with pytest.raises(TrackReused):
        take(tracks, made(RIDE), "A2", "M2")
    take(tracks, made(replace(RIDE, ride=2)), "A2", "M2")


def test_points_are_sealed_and_end(tracks: Tracks):
    take(tracks, made(RIDE), "A1")
    assert tracks.points("M1", "A1", NOW) == track_of(made(RIDE))
    assert tracks.points("M1", "A1", NOW + POINTS_KEPT - DAY) is not None
    assert tracks.points("M1", "A1", NOW + POINTS_KEPT) is None
    assert tracks.points("M2", "A1", NOW) is None
    item = tracks.dynamodb.get(tracks.table, {"owner": "member:M1", "entry": "T#A1"})
    assert item is not None
    assert item["ends"] == int((NOW + POINTS_KEPT).timestamp())
    assert made(RIDE)["polyline"].encode() not in item["sealed"]


def test_a_copy_is_noticed_for_half_a_year_and_another_ride_is_not(tracks: Tracks):
    first, copy = marks(tracks, made(RIDE)), marks(tracks, moved(made(RIDE), 2e-5))
    assert not tracks.like(first, "A1", NOW)
    assert not tracks.like(first, "A1", NOW), "the same request, sent again"
    assert not tracks.like(marks(tracks, made(replace(RIDE, ride=2))), "A2", NOW + DAY)
    assert tracks.like(copy, "A3", NOW + 100 * DAY)


def test_what_was_long_ago_is_forgotten(tracks: Tracks):
    tracks.like(marks(tracks, made(RIDE)), "A1", NOW)
    copy = marks(tracks, moved(made(RIDE), 2e-5))
    assert not tracks.like(copy, "A3", NOW + REMEMBERED + DAY)


def test_of_two_copies_at_one_moment_at_least_one_is_noticed(tracks: Tracks):
    """Each is written before it is looked for."""
    one, other = marks(tracks, made(RIDE)), marks(tracks, moved(made(RIDE), 2e-5))
    assert [tracks.like(one, "A1", NOW), tracks.like(other, "A2", NOW)] == [False, True]


def test_what_was_erased_is_no_longer_known(tracks: Tracks):
    """But the track itself: it counts once for ever, and its claim names nobody."""
    first = marks(tracks, made(RIDE))
    take(tracks, made(RIDE), "A1")
    tracks.like(first, "A1", NOW)
    tracks.like(first, "A1", NOW + DAY)
    tracks.forget(first.identity, first.buckets)
    assert not tracks.like(marks(tracks, moved(made(RIDE), 2e-5)), "A3", NOW + DAY)
    with pytest.raises(TrackReused):
        take(tracks, made(RIDE), "A2", "M2")
