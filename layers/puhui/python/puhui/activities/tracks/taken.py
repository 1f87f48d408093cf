"""A trip that is being recorded: compared with earlier ones, claimed for its act, its points kept for a while."""

from dataclasses import replace
from datetime import datetime

from puhui.activities.acts.model import Activity
from puhui.activities.tracks.plausibility import SIMILAR
from puhui.activities.tracks.repository import Tracks
from puhui.activities.tracks.trips import Trip
from puhui.store.session import Session


def take(session: Session, draft: Activity, trip: Trip, *, tracks: Tracks, now: datetime) -> Activity:
    """The act with what its track says and what is doubtful about it; the claim and the points join the session. Its member agreed to
    that: from here on something is kept. The session raises TrackReused when another act has the track."""
    marks = trip.marks(tracks.key)
    similar = tracks.like(marks, draft.id, now)
    tracks.add(session, trip.track, marks, member_id=draft.member_id, activity_id=draft.id, now=now)
    return replace(
        draft,
        track=trip.kept_of(marks),
        signals=(*draft.signals, *trip.signals, *([SIMILAR] if similar else [])),
    )
