"""Acts and days as pure values: what an activity is, what a member's day already holds, what still fits into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from puhui.activities.errors import (
    ActsOverlap,
    CapReached,
    ClaimedElsewhere,
    OccurredInFuture,
    OccurredTooLongAgo,
)
from puhui.kernel import clock
from puhui.methodologies.api import Used, apply_caps
from puhui.programmes.api import Caps

VERIFYING, CREDITED, REFUSED, EXPIRED = "verifying", "credited", "refused", "expired"
MATURING, PENDING = "maturing", "pending"  # pending is what a maturing act is called from matured_at on
NOT_COLLECTED = "NOT_COLLECTED"
CLOCK_SKEW = timedelta(minutes=5)  # a phone's clock may run ahead by this much
NO_TIME = -1


@dataclass(frozen=True)
class Activity:
    """One act of a member. Mass in mg of CO2 equivalent; ``record`` is what its explanation is rebuilt from.

    ``credits_mg`` is what the act gives, whoever gets the points. Of an act that is to be collected friends have taken
    ``taken_mg``; when nobody came, ``lapsed_mg`` of it was never credited. ``household`` counted it among its own.
    ``joins``: its member was not in the programme before.
    """

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
    note: str = ""  # what the verifier who refused it wrote to its member
    matured_at: datetime | None = None
    collect_by: datetime | None = None
    taken_mg: int = 0
    lapsed_mg: int = 0
    household: str = ""
    joins: bool = False
    points_only: bool = False  # its factors are too weak for credits: its mg only count for points
    correction: Mapping[str, Any] = field(default_factory=dict)  # what a corrected factor changed, and why

    @property
    def day(self) -> date:
        """The programme's day on which it happened."""
        return clock.programme_day(self.occurred_at)

    def as_of(self, now: datetime) -> "Activity":
        """The act as it is to be seen ``now``: what matured is pending, what nobody collected has expired."""
        if self.status != MATURING or self.matured_at is None or self.collect_by is None:
            return self
        if now >= self.collect_by:
            return self.lapsed()
        return replace(self, status=PENDING) if now >= self.matured_at else self

    def lapsed(self) -> "Activity":
        """The act when nobody collected it in time: only what friends took of it was credited."""
        return replace(
            self,
            status=EXPIRED,
            reason_code=NOT_COLLECTED,
            credits_mg=self.taken_mg,
            lapsed_mg=self.credits_mg - self.taken_mg,
        )


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
    """An act's place in a member's day: what it used up, and from when to when (minutes since the epoch).

    An act that takes no time of its own starts and ends at one minute; a day's steps have NO_TIME."""

    activity_id: str
    programme_id: str
    behaviour: str
    start: int
    end: int
    mg: int
    acts: int
    quantity: int

    @property
    def carried(self) -> bool:
        """Whether it only keeps the minutes that an act of the day before goes on taking: counted there, not here."""
        return self.acts == 0 and self.start != NO_TIME

    def days(self) -> list[date]:
        """The days of whose minutes it takes some, the one on which it starts first."""
        last = max(self.start, self.end - 1)
        first, final = (
            clock.programme_day(datetime.fromtimestamp(60 * at, UTC)) for at in (self.start, last)
        )
        return [first + timedelta(days=number) for number in range((final - first).days + 1)]

    def overlaps(self, other: "Entry") -> bool:
        """Whether the two take a common minute; an entry that takes no time overlaps none."""
        taking_time = self.start < self.end and other.start < other.end
        return taking_time and self.start < other.end and other.start < self.end

    def same_act(self, other: "Entry") -> bool:
        """Whether the two are one act, told to two programmes: one behaviour at a common minute."""
        if NO_TIME in (self.start, other.start) or self.programme_id == other.programme_id:
            return False
        mine, others = max(self.end, self.start + 1), max(other.end, other.start + 1)
        return self.behaviour == other.behaviour and self.start < others and other.start < mine


@dataclass(frozen=True)
class Day:
    """A member's day over all programmes, as read.

    An act that goes on past midnight has an entry in each of its days, so that two acts with a common minute always
    meet in one; it counts in the first, and the others only carry its time."""

    day: date
    entries: tuple[Entry, ...] = ()
    version: int = 0

    @property
    def acts(self) -> tuple[Entry, ...]:
        """The entries of the acts that began on this day."""
        return tuple(entry for entry in self.entries if not entry.carried)

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

    def carrying(self, entry: Entry) -> "Day":
        """The day with the minutes that an act of the day before goes on taking."""
        return self.with_entry(replace(entry, mg=0, acts=0, quantity=0))

    def without(self, activity_id: str) -> "Day":
        """The day after an activity was refused: it stays listed where it began, and uses nothing."""
        entry = self.find(activity_id)
        if entry is None:
            return self
        if entry.carried:
            return replace(self, entries=tuple(e for e in self.entries if e.activity_id != activity_id))
        return self.with_entry(replace(entry, start=NO_TIME, end=NO_TIME, mg=0, acts=0, quantity=0))


def fit(day: Day, wanted: Entry, caps: Caps, following: Sequence[Day] = ()) -> Entry:
    """``wanted`` as much of it as the day still takes; ``following`` are the days into which it goes on.

    Raises ClaimedElsewhere when another programme has the same act, ActsOverlap when its time is taken, CapReached
    when nothing more fits today.
    """
    entries = [entry for each in (day, *following) for entry in each.entries]
    others = [other for other in entries if other.activity_id != wanted.activity_id]
    for other in others:
        if wanted.same_act(other):
            raise ClaimedElsewhere(programme_id=other.programme_id)
    for other in others:
        if wanted.overlaps(other):
            raise ActsOverlap(other=other.behaviour)
    used = Used(*day.used(wanted.programme_id, wanted.behaviour))
    allowed = apply_caps(wanted.mg, wanted.quantity, caps, used)
    if allowed.mg == 0:
        raise CapReached(cap=allowed.cap)
    return replace(wanted, mg=allowed.mg)


@dataclass(frozen=True)
class HouseholdDay:
    """What the people of one household did on one day, as read: mg and acts by (programme, behaviour)."""

    household: str
    day: date
    used: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    version: int = 0

    def fit(self, wanted: Entry, caps: Caps) -> Entry:
        """``wanted``, as much of it as the household's day still takes. Raises CapReached when nothing does."""
        mg, acts = self.used.get((wanted.programme_id, wanted.behaviour), (0, 0))
        if caps.per_household_day_acts is not None and acts + wanted.acts > caps.per_household_day_acts:
            raise CapReached(cap="per_household_day_acts")
        if caps.per_household_day_mg is None or mg + wanted.mg <= caps.per_household_day_mg:
            return wanted
        if mg >= caps.per_household_day_mg:
            raise CapReached(cap="per_household_day_mg")
        return replace(wanted, mg=caps.per_household_day_mg - mg)


@dataclass(frozen=True)
class Membership:
    """That a member takes part in a programme, or did until ``left_at``."""

    programme_id: str
    joined_at: datetime
    left_at: datetime | None = None

    def shown(self) -> dict[str, Any]:
        """The membership of the contract."""
        told = {"programme_id": self.programme_id, "joined_at": clock.to_text(self.joined_at)}
        return told | ({"left_at": clock.to_text(self.left_at)} if self.left_at else {})


@dataclass(frozen=True)
class Taking:
    """What a friend took of an act: points, which ``transfer_id`` brought. ``mg`` is what they stand for."""

    activity_id: str
    owner_id: str
    programme_id: str
    behaviour: str
    mg: int
    points: int
    transfer_id: str
    at: datetime


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
