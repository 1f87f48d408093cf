"""Tracks and meters of acts that are being recorded. Most acts have none: what reads them is imported when one comes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from puhui.activities.acts.model import Activity
from puhui.activities.households.meters import name_of
from puhui.activities.tables import Tables
from puhui.programmes.api import Behaviour

if TYPE_CHECKING:
    from puhui.activities.tracks.taken import TakenTrack
    from puhui.activities.tracks.trips import Trip


def trip_of(
    track: Mapping[str, Any] | None,
    behaviour: Behaviour,
    quantity: Mapping[str, Any],
    occurred_at: datetime,
    ended_at: datetime | None,
) -> "Trip | None":
    """The trip of a track, if there is one. Raises what ``tracks.trips.trip_of`` does."""
    if track is None:
        return None
    from puhui.activities.tracks import trips  # noqa: PLC0415

    return trips.trip_of(track, behaviour, quantity, occurred_at, ended_at)


def taken(trip: "Trip", activity_id: str, tables: Tables, now: datetime) -> "TakenTrack":
    """The trip compared with those of the last half year, and remembered."""
    from puhui.activities.tracks.taken import take  # noqa: PLC0415

    return take(trip, activity_id, tracks=tables.activities.tracks, now=now)


def kept_meter(meter: Mapping[str, Any] | None, behaviour_id: str, tables: Tables) -> dict[str, Any]:
    """What an act keeps of the meter that it tells of: a keyed hash of its number, and its reading."""
    if not meter:
        return {}
    return {
        "id": name_of(meter["number"], behaviour_id, tables.activities.sealer.pepper),
        "reading": meter["reading"],
    }


def with_track(draft: Activity, track: "TakenTrack") -> Activity:
    """The act with what its track says, and what is doubtful about it."""
    return replace(draft, track=track.kept, signals=track.signals)
