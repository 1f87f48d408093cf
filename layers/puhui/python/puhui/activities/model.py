"""Acts and days as pure values: what an activity is, what a member's day already holds, what still fits into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from puhui.activities.errors import ActsOverlap, CapReached, OccurredInFuture, OccurredTooLongAgo
from puhui.kernel import clock
from puhui.methodologies.api import Used, apply_caps
from puhui.programmes.api import Caps

VERIFYING, CREDITED, REFUSED, EXPIRED = "verifying", "credited", "refused", "expired"
CLOCK_SKEW = timedelta(minutes=5)  # a phone's clock may run ahead by this much
NO_TIME = -1


@dataclass(frozen=True)
class Activity:
    """One act of a member. Mass in mg of CO2 equivalent; ``record`` is what its explanation is rebuilt from."""

    id: str
    member_id: str
    programme_id: str
    behaviour: str
    status: str
    occurred_at: datetime
    recorded_at: datetime
    quantity: Mapping[str, Any]
    credits_mg: int
    points: int
    record: Mapping[str, Any]
    body_hash: str = ""
    first_status: str = CREDITED
    evidence_ids: tuple[str, ...] = ()
    entry_id: str = ""
    reason_code: str = ""

    @property
    def day(self) -> date:
        """The programme's day on which it happened."""
        return clock.programme_day(self.occurred_at)


@dataclass(frozen=True)
class Decision:
    """How the verification of an act ended. ``transfer_id`` is that of its credits, if it got any."""

    activity_id: str
    member_id: str
    programme_id: str
    behaviour: str
    status: str
    credits_mg: int
    points: int
    reason_code: str
    transfer_id: str


@dataclass(frozen=True)
class Entry:
    """An act's place in a member's day: what it used up, and from when to when (minutes since the epoch)."""

    activity_id: str
    programme_id: str
    behaviour: str
    start: int
    end: int
    mg: int
    acts: int
    quantity: int

    def overlaps(self, other: "Entry") -> bool:
        """Whether the two cover a common minute; an entry without a time covers none."""
        return NO_TIME not in (self.start, other.start) and self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Day:
    """A member's day over all programmes, as read."""

    day: date
    entries: tuple[Entry, ...] = ()
    version: int = 0

    def find(self, activity_id: str) -> Entry | None:
        """The entry of an activity."""
        return next((entry for entry in self.entries if entry.activity_id == activity_id), None)

    def walking(self) -> Entry | None:
        """The day's walk: steps count in one programme only."""
        return next((entry for entry in self.entries if entry.behaviour == "walking"), None)

    def used(self, programme_id: str, behaviour: str) -> tuple[int, int, int]:
        """What one behaviour has used today in one programme: (mg, acts, quantity)."""
        mine = [e for e in self.entries if (e.programme_id, e.behaviour) == (programme_id, behaviour)]
        return sum(e.mg for e in mine), sum(e.acts for e in mine), sum(e.quantity for e in mine)

    def with_entry(self, entry: Entry) -> "Day":
        """The day with this entry in the place of the same activity's, or at the end."""
        if self.find(entry.activity_id) is None:
            return replace(self, entries=(*self.entries, entry))
        same = entry.activity_id
        return replace(self, entries=tuple(entry if e.activity_id == same else e for e in self.entries))

    def without(self, activity_id: str) -> "Day":
        """The day after an activity was refused: it stays listed and uses nothing."""
        entry = self.find(activity_id)
        if entry is None:
            return self
        return self.with_entry(replace(entry, start=NO_TIME, end=NO_TIME, mg=0, acts=0, quantity=0))


def fit(day: Day, wanted: Entry, caps: Caps) -> Entry:
    """``wanted`` as much of it as the day still takes.

    Raises ActsOverlap when its time is taken, CapReached when nothing more fits today.
    """
    for other in day.entries:
        if other.activity_id != wanted.activity_id and wanted.overlaps(other):
            raise ActsOverlap(other=other.behaviour)
    used = Used(*day.used(wanted.programme_id, wanted.behaviour))
    allowed = apply_caps(wanted.mg, wanted.quantity, caps, used)
    if allowed.mg == 0:
        raise CapReached(cap=allowed.cap)
    return replace(wanted, mg=allowed.mg)


def check_time(occurred_at: datetime, now: datetime, window_days: int) -> None:
    """Raise OccurredInFuture or OccurredTooLongAgo when an act may not be submitted any more, or not yet."""
    if occurred_at > now + CLOCK_SKEW:
        raise OccurredInFuture
    if occurred_at < now - timedelta(days=window_days):
        raise OccurredTooLongAgo(days=window_days)


def minutes(at: datetime) -> int:
    """Minutes since the epoch."""
    return int(at.timestamp()) // 60


@dataclass(frozen=True)
class Evidence:
    """A picture that a member announced: what it will be, and where it lies."""

    id: str
    member_id: str
    content_type: str
    size: int
    sha256: str
    prepared_at: datetime
    body_hash: str = ""
    used_by: str = ""

    @property
    def object_key(self) -> str:
        """Its key in the evidence bucket."""
        return f"evidence/{self.member_id}/{self.id}"


class Picture(NamedTuple):
    """What was found in a file. ``content_type`` is "" when it is no picture of the three types."""

    content_type: str
    sha256: str
    size: int
    width: int
    height: int
    phash: int


@dataclass(frozen=True)
class Review:
    """An act that waits for a person, or was decided by one."""

    id: str
    activity_id: str
    member_id: str
    programme_id: str
    behaviour: str
    occurred_at: datetime
    submitted_at: datetime
    expires_at: datetime
    score: int
    signals: tuple[str, ...]
    evidence_ids: tuple[str, ...]
    state: str = "open"
    decision: str = ""
    reason_code: str = ""
    note: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    task_token: str = field(default="", repr=False)
