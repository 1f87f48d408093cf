"""A member's day as a pure value: what it already holds, and what still fits into it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from puhui.activities.acts.identity import window
from puhui.activities.acts.model import WALKING, WALKING_TRIP, Activity
from puhui.activities.errors import ActsOverlap, CapReached, ClaimedElsewhere
from puhui.kernel import clock
from puhui.kernel.grades import PARTNER, PHOTO, SELF_DECLARED, TRACK, VERIFIED
from puhui.methodologies.api import Used, apply_caps
from puhui.programmes.api import Behaviour, Caps, behaviour_name, programme_name

NO_TIME = -1
DAY_MINUTES_MAX = 16 * 60  # who sleeps eight hours has sixteen for all that takes time, in whatever programme
PHOTOS_PER_DAY_MG = 1_000_000  # five trips by subway: what photos show beyond that, in one day, a person sees
TRACKS_PER_DAY_MG = 5_000_000  # 20 km by bicycle: likewise of tracks, which a script could make up


@dataclass(frozen=True)
class Entry:
    """An act's place in a member's day: what it used up, and from when to when (minutes since the epoch).

    ``start`` to ``end`` is what is sure: the times that were reported, or the least that the act takes. ``usual`` are the
    minutes that it usually takes, or took as reported. An act that takes no time of its own starts and ends at one minute;
    a day's steps have NO_TIME. ``kind`` is what was chosen, where a behaviour has kinds: another kind is another act."""

    activity_id: str
    programme_id: str
    behaviour: str
    start: int
    end: int
    mg: int
    acts: int
    quantity: int
    usual: int = 0
    kind: str = ""
    grade: str = PARTNER  # what shows it; most acts come from partners, so that this is not stored
    recorded: int = (
        0  # when a member sent it (minutes); of what comes from elsewhere nothing follows from that
    )

    @property
    def declared(self) -> bool:
        """Whether nothing shows it but the member's word."""
        return self.grade == SELF_DECLARED

    @property
    def carried(self) -> bool:
        """Whether it only keeps an act of the day before in sight: counted there, not here."""
        return self.acts == 0 and self.start != NO_TIME

    @property
    def usual_end(self) -> int:
        """When an act of this kind and size usually is over."""
        return max(self.end, self.start + self.usual)

    def days(self) -> list[date]:
        """The days in which another report of it may lie that starts later, the one on which it starts first."""
        last = max(self.start, self.end - 1, self.usual_end + window(self.behaviour).across - 1)
        first, final = (
            clock.programme_day(datetime.fromtimestamp(60 * at, UTC)) for at in (self.start, last)
        )
        return [first + timedelta(days=number) for number in range((final - first).days + 1)]

    def overlaps(self, other: "Entry") -> bool:
        """Whether the two surely take a common minute; an entry that takes no time overlaps none."""
        both_take_time = self.start < self.end and other.start < other.end
        return both_take_time and self.start < other.end and other.start < self.end

    def same_act(self, other: "Entry") -> bool:
        """Whether the two count as one act, reported to two programmes: shifting it by a little, or by its own length, does
        not make it another one."""
        if self.programme_id == other.programme_id or not self._alike(other):
            return False
        apart = max(self.start - other.usual_end, other.start - self.usual_end)
        return apart < window(self.behaviour).across

    def repeats(self, other: "Entry") -> bool:
        """Whether the two count as one act, reported twice to one programme."""
        if self.programme_id != other.programme_id or not self._alike(other):
            return False
        return max(self.start - other.end, other.start - self.end) < window(self.behaviour).within

    def replaces(self, other: "Entry") -> bool:
        """Whether a partner's record takes the place of the member's own claim: of the same trip, however it was shown, or of
        whatever the member only said to have done at that time."""
        if self.grade != PARTNER or other.grade in (PARTNER, VERIFIED) or other.start == NO_TIME:
            return False
        same = self.same_act(other) or self.repeats(other) or (self._alike(other) and self.overlaps(other))
        return same or (other.declared and self.overlaps(other))

    def _alike(self, other: "Entry") -> bool:
        return NO_TIME not in (self.start, other.start) and (self.behaviour, self.kind) == (
            other.behaviour,
            other.kind,
        )


@dataclass(frozen=True)
class Day:
    """A member's day over all programmes, as read.

    An act near midnight has an entry in each of its days, so that two reports of one act, and two acts with a common
    minute, always meet in one; it counts in the first, and the others only carry it."""

    day: date
    entries: tuple[Entry, ...] = ()
    version: int = 0
    member_id: str = ""

    @property
    def acts(self) -> tuple[Entry, ...]:
        """The entries of the acts that began on this day."""
        return tuple(entry for entry in self.entries if not entry.carried)

    @property
    def usual_minutes(self) -> int:
        """The minutes that the acts of this day usually take, over all programmes."""
        return sum(entry.usual for entry in self.acts)

    def find(self, activity_id: str) -> Entry | None:
        """The entry of an activity."""
        return next((entry for entry in self.entries if entry.activity_id == activity_id), None)

    def walking(self) -> Entry | None:
        """The day's walk: steps count in one programme only."""
        return next((entry for entry in self.entries if entry.behaviour == WALKING), None)

    def large_with(self, wanted: "Entry") -> bool:
        """Whether an act's kind of evidence has given so much on this day, over all behaviours and programmes, that a person sees it."""
        if wanted.grade == TRACK:
            tracked = sum(entry.mg for entry in self.acts if entry.grade == TRACK)
            return tracked + wanted.mg > TRACKS_PER_DAY_MG
        return wanted.grade == PHOTO and self.shown_mg + wanted.mg > PHOTOS_PER_DAY_MG

    @property
    def walked_mg(self) -> int:
        """What walks with a track have given today, in whatever programme."""
        return sum(entry.mg for entry in self.acts if entry.behaviour == WALKING_TRIP)

    def used(self, programme_id: str, behaviour: str) -> tuple[int, int, int]:
        """What one behaviour has used today in one programme: (mg, acts, quantity)."""
        mine = [e for e in self.entries if (e.programme_id, e.behaviour) == (programme_id, behaviour)]
        return sum(e.mg for e in mine), sum(e.acts for e in mine), sum(e.quantity for e in mine)

    @property
    def declared_mg(self) -> int:
        """What the member's mere word has given today, over all behaviours and programmes."""
        return sum(entry.mg for entry in self.entries if entry.declared)

    @property
    def shown_mg(self) -> int:
        """What photos have given today, over all behaviours and programmes."""
        return sum(entry.mg for entry in self.acts if entry.grade in (PHOTO, VERIFIED))

    def with_entry(self, entry: Entry) -> "Day":
        """The day with this entry in the place of the same activity's, or at the end."""
        if self.find(entry.activity_id) is None:
            return replace(self, entries=(*self.entries, entry))
        same = entry.activity_id
        return replace(self, entries=tuple(entry if e.activity_id == same else e for e in self.entries))

    def carrying(self, entry: Entry) -> "Day":
        """The day with an act of the day before that reaches into it."""
        return self.with_entry(replace(entry, mg=0, acts=0, quantity=0))

    def without(self, activity_id: str) -> "Day":
        """The day after an activity was refused: it remains listed where it began, and uses nothing."""
        entry = self.find(activity_id)
        if entry is None:
            return self
        if entry.carried:
            return replace(self, entries=tuple(e for e in self.entries if e.activity_id != activity_id))
        return self.with_entry(replace(entry, start=NO_TIME, end=NO_TIME, mg=0, acts=0, quantity=0, usual=0))


def fit(day: Day, wanted: Entry, caps: Caps, following: Sequence[Day] = ()) -> Entry:
    """``wanted`` as much of it as the day still takes; ``following`` are the days into which it reaches.

    Raises ClaimedElsewhere when another programme has the same act, ActsOverlap when its time is used, CapReached
    when nothing more fits today.
    """
    others = _others(wanted, (day, *following))
    for other in others:
        if wanted.same_act(other):
            raise ClaimedElsewhere(
                programme_id=other.programme_id,
                name=programme_name(other.programme_id),
                minutes=window(wanted.behaviour).across,
            )
    for other in others:
        if wanted.overlaps(other):
            raise ActsOverlap(other=behaviour_name(other.programme_id, other.behaviour))
    if wanted.usual and day.usual_minutes + wanted.usual > DAY_MINUTES_MAX:
        raise CapReached(cap="per_day_minutes")
    used = Used(*day.used(wanted.programme_id, wanted.behaviour))
    allowed = apply_caps(wanted.mg, wanted.quantity, caps, used)
    if allowed.mg == 0 and allowed.cap is not None:
        raise CapReached(cap=allowed.cap)
    return replace(wanted, mg=allowed.mg)


def reported_before(wanted: Entry, days: Sequence[Day]) -> bool:
    """Whether its programme has an act so near that this may be the same one."""
    return any(wanted.repeats(other) for other in _others(wanted, days))


def _others(wanted: Entry, days: Sequence[Day]) -> list[Entry]:
    entries = [entry for each in days for entry in each.entries]
    return [other for other in entries if other.activity_id != wanted.activity_id]


def fit_walk(day: Day, wanted: Entry) -> Entry:
    """``wanted`` without what the day's walking has given the other way: it counts once, by steps or by its track, in whatever programme.
    What the steps gave is taken off the day's first walk with a track. Raises CapReached when nothing is left."""
    steps = day.walking()
    left = wanted.mg
    if wanted.behaviour == WALKING:
        left = max(wanted.mg - day.walked_mg, steps.mg if steps else 0)
    elif wanted.behaviour == WALKING_TRIP and steps and not day.walked_mg:
        left = wanted.mg - steps.mg
    if left <= 0 < wanted.mg and wanted.behaviour == WALKING_TRIP:
        raise CapReached(cap="per_day_mg")
    return replace(wanted, mg=max(0, min(wanted.mg, left)))


def fit_declared(day: Day, wanted: Entry, limit_mg: int) -> Entry:
    """``wanted``, as much of it as a member may have a day on mere word: nothing, when nothing is left."""
    if not wanted.declared:
        return wanted
    left = limit_mg - day.without(wanted.activity_id).declared_mg
    return replace(wanted, mg=max(0, min(wanted.mg, left)))


def minutes(at: datetime) -> int:
    """Minutes since the epoch."""
    return int(at.timestamp()) // 60


def entry_of(activity: Activity, behaviour: Behaviour) -> Entry:
    """What an act takes of its day before caps: its mass, its time, one act, and the quantity that caps count."""
    start = end = minutes(activity.occurred_at)
    usual, takes = 0, behaviour.occupies
    if takes and activity.ended_at:
        end = minutes(activity.ended_at)
        usual = end - start
    elif takes:
        end, usual = start + takes.least_of(activity.quantity), takes.of(activity.quantity)
    return Entry(
        activity_id=activity.id,
        programme_id=activity.programme_id,
        behaviour=activity.behaviour,
        start=start,
        end=end,
        mg=activity.credits_mg,
        acts=1,
        quantity=activity.quantity[behaviour.measure],
        usual=usual,
        kind=",".join(str(activity.quantity[name]) for name in behaviour.choices),
        grade=activity.grade,
        recorded=0 if activity.grade == PARTNER else minutes(activity.recorded_at),
    )
