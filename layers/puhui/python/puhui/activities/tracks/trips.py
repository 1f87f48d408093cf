"""From a track as it is sent to a trip that counts: read, measured, held against its behaviour. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.activities.tracks import identity
from puhui.activities.tracks.bands import band, likeness, reading
from puhui.activities.tracks.errors import TrackEndDiffers, TrackNotWanted
from puhui.activities.tracks.features import Features, Fix, fixes, measure
from puhui.activities.tracks.identity import Marks
from puhui.activities.tracks.model import SECONDS_MAX, Track, track_of
from puhui.activities.tracks.plausibility import quantity_by, require_plausible, signals
from puhui.kernel import clock
from puhui.programmes.api import Behaviour

END_SECONDS = (
    60  # by how much an end that is told may differ from the track's: clocks of apps round to minutes
)


@dataclass(frozen=True)
class Trip:
    """A plausible trip: what its track shows, and what is odd about it."""

    track: Track
    kept: tuple[Fix, ...]
    features: Features
    quantity: Mapping[str, Any]
    ended_at: datetime
    signals: tuple[str, ...]

    def marks(self, key: bytes) -> Marks:
        """What the trip is known by."""
        return identity.marks_of(self.kept, key, likeness().sketch_cells)

    def kept_of(self, marks: Marks) -> dict[str, Any]:
        """What an act keeps of its track for ever: numbers, and names that say nothing of places."""
        found = self.features
        return {
            "id": marks.identity,
            "datum": self.track.datum,
            "points": found.points,
            "seconds": found.seconds,
            "distance_m": found.distance_m,
            "median_mm_s": found.median_mm_s,
            "p95_mm_s": found.p95_mm_s,
            "prints": list(marks.buckets),
        }


def trip_of(
    body: Mapping[str, Any],
    behaviour: Behaviour,
    quantity: Mapping[str, Any],
    occurred_at: datetime,
    ended_at: datetime | None,
) -> Trip:
    """The trip of a request. Raises TrackUnreadable, what ``tracks.errors`` has below TrackRefused, TrackNotWanted."""
    expected = band(behaviour.id)
    if expected is None:
        raise TrackNotWanted
    track = track_of(body)
    kept = fixes(track, reading())
    found = measure(track, kept, reading(), expected.gap_seconds)
    require_plausible(found, expected, reading())
    end = track.ended_at(occurred_at)
    if ended_at is not None and abs((ended_at - end).total_seconds()) > END_SECONDS:
        raise TrackEndDiffers(ended_at=clock.to_text(end))
    asks = tuple(behaviour.bounds) + tuple(behaviour.choices)
    return Trip(
        track=track,
        kept=tuple(kept),
        features=found,
        quantity=quantity_by(quantity, found, reading(), asks),
        ended_at=end,
        signals=signals(found, reading()),
    )


def length_of(track: Track) -> int:
    """How long a track is, in metres, whatever trip it is of."""
    return measure(track, fixes(track, reading()), reading(), SECONDS_MAX).distance_m
