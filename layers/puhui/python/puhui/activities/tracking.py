"""Tracks and meters of acts that are being recorded. Most acts have none: what reads them is imported when one comes."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from puhui.activities.acts.model import Activity
from puhui.activities.households.meters import name_of
from puhui.activities.tables import Tables
from puhui.programmes.api import Behaviour
from puhui.store.session import Session

if TYPE_CHECKING:
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


def kept_meter(meter: Mapping[str, Any] | None, behaviour_id: str, tables: Tables) -> dict[str, Any]:
    """What an act keeps of the meter that it tells of: a keyed hash of its number, and its reading."""
    if not meter:
        return {}
    return {
        "id": name_of(meter["number"], behaviour_id, tables.activities.sealer.pepper),
        "reading": meter["reading"],
    }


def with_track(
    session: Session, draft: Activity, trip: "Trip | None", tables: Tables, now: datetime
) -> Activity:
    """The act with what its track says, if it has one. Raises what ``tracks.taken.take`` does."""
    if trip is None:
        return draft
    from puhui.activities.tracks.taken import take  # noqa: PLC0415

    return take(session, draft, trip, tracks=tables.activities.tracks, now=now)
