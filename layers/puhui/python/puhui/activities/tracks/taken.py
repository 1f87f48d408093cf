"""A trip that is being recorded: what is known of its track, and what is written of it beside the act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.activities.tracks.identity import Marks
from puhui.activities.tracks.plausibility import SIMILAR
from puhui.activities.tracks.repository import Tracks
from puhui.activities.tracks.trips import Trip
from puhui.store.session import Session


@dataclass(frozen=True)
class TakenTrack:
    """``kept`` is what the act keeps of it for ever, ``signals`` what asks for a second look."""

    trip: Trip
    marks: Marks
    kept: Mapping[str, Any]
    signals: tuple[str, ...]

    def add(self, session: Session, tracks: Tracks, member_id: str, activity_id: str, now: datetime) -> None:
        """Claim the track for the act, and keep its points for a while; TrackReused when another act has it."""
        tracks.add(
            session, self.trip.track, self.marks, member_id=member_id, activity_id=activity_id, now=now
        )


def take(trip: Trip, activity_id: str, *, tracks: Tracks, now: datetime) -> TakenTrack:
    """Compare a plausible trip with those of the last half year, and remember it."""
    marks = trip.marks(tracks.key)
    similar = tracks.like(marks, activity_id, now)
    signals = (*trip.signals, *([SIMILAR] if similar else []))
    return TakenTrack(trip, marks, trip.kept_of(marks), signals)
