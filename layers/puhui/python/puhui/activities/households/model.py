"""Households as pure values: who lived where from when to when, which days were reported, what a household did on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple

from puhui.activities.acts.days import Entry
from puhui.activities.errors import CapReached, PeriodClaimed
from puhui.programmes.api import Caps

KEPT_DAYS = 800  # older ones are before any day that may still be reported


@dataclass(frozen=True)
class Residence:
    """In which household a member lived, from the first to the last day (ISO dates; first "" for always, last "" for still)."""

    household: str
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Residences:
    """Where a member lived, as read, oldest first. ``version`` is 0 for a member who never moved."""

    member_id: str
    places: tuple[Residence, ...] = ()
    version: int = 0

    def household_on(self, day: date) -> str:
        """The household in which the member lived on ``day``."""
        text = day.isoformat()
        for place in self.places:
            if place.first <= text and (not place.last or text <= place.last):
                return place.household
        return self.member_id

    @property
    def latest(self) -> str:
        """The household in which the member lives from tomorrow on: whom others join."""
        return self.places[-1].household if self.places else self.member_id

    def in_household(self, household: str) -> "tuple[Interval, ...]":
        """The member's days in a household: from ever on where nothing was ever written."""
        if not self.version:
            return (Interval(),)
        return tuple(Interval(each.first, each.last) for each in self.places if each.household == household)


@dataclass(frozen=True)
class Interval:
    """The first and the last day of somebody in a household (ISO dates; "" for always and for still)."""

    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class People:
    """Who lived in a household and when, as read."""

    household: str
    people: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    version: int = 0

    def throughout(self, stretch: "Stretch") -> int:
        """How many are named for every day of a stretch; one where nobody is."""
        first, last = stretch.first.isoformat(), stretch.last.isoformat()
        there = [
            intervals
            for intervals in self.people.values()
            if any(each.first <= first and (not each.last or last <= each.last) for each in intervals)
        ]
        return max(1, len(there))


class Stretch(NamedTuple):
    """Days on end, the first and the last."""

    first: date
    last: date


@dataclass(frozen=True)
class ReportedSpan:
    """Days on end that an act reported (ISO dates)."""

    first: str
    last: str
    activity_id: str


@dataclass(frozen=True)
class ReportedDays:
    """The days of one owner ("member:<id>", "household:<id>") and behaviour that were reported, as read."""

    owner: str
    behaviour: str
    spans: tuple[ReportedSpan, ...] = ()
    version: int = 0

    def report(self, stretches: Sequence[Stretch], activity_id: str) -> "ReportedDays":
        """With the days that an act reports. Raises PeriodClaimed when another act reported one of them."""
        oldest = (stretches[-1].last - timedelta(days=KEPT_DAYS)).isoformat()
        kept = tuple(each for each in self.spans if each.last >= oldest and each.activity_id != activity_id)
        new = tuple(
            ReportedSpan(each.first.isoformat(), each.last.isoformat(), activity_id) for each in stretches
        )
        for wanted in new:
            for known in kept:
                if known.first <= wanted.last and wanted.first <= known.last:
                    raise PeriodClaimed(first=known.first, last=known.last)
        return replace(self, spans=(*kept, *new))

    def without(self, activity_id: str) -> "ReportedDays":
        """After an act was refused: its days are free again."""
        return replace(self, spans=tuple(each for each in self.spans if each.activity_id != activity_id))


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
