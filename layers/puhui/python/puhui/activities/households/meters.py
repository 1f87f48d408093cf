"""Meters of homes as pure values: what a reading has to agree with, and what is odd about it.

A meter is in one home and a home has one meter of a kind; a reading is no lower than the one before it; what was used is what
the meter ran. Of a meter only a keyed hash is kept.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from puhui.activities.errors import MeterElsewhere, ReadingDiffers, ReadingLower, SecondMeter

METER_UNUSUAL = "METER_UNUSUAL"
MOVED_AFTER = timedelta(
    days=60
)  # a meter that nobody read for so long may have another home, a home another meter
DAILY_KEPT, DAILY_LEAST = 12, 3  # periods whose daily use is kept, and how many of them make a median
TIMES_UNUSUAL = 5  # above so many times one's own median, or below that part of it
PERCENT_APART = 1  # bills are rounded to whole units


class Told(NamedTuple):
    """A meter as an act tells of it: its reading at the end of the days ``first`` to ``last``, in whose course ``used`` ran through it;
    None where the act does not tell what was used."""

    meter: str
    reading: int
    first: date
    last: date
    used: int | None


@dataclass(frozen=True)
class Reading:
    """A meter's reading on a day (ISO), and the act that told of it."""

    value: int
    day: str
    activity_id: str


@dataclass(frozen=True)
class Meter:
    """A meter as read: where it is, its last readings (the last and the one before), and what was used a day in the periods told of."""

    meter: str
    behaviour: str
    household: str = ""
    readings: tuple[Reading, ...] = ()
    daily: tuple[int, ...] = ()
    version: int = 0

    def told(self, told: Told, household: str, activity_id: str) -> "Meter":
        """With a reading. Raises MeterElsewhere, ReadingLower, ReadingDiffers."""
        last = self.readings[-1] if self.readings else None
        moved = last is not None and told.first > date.fromisoformat(last.day) + MOVED_AFTER
        if last and household != self.household and not moved:
            raise MeterElsewhere
        if last:
            _check(last, told)
        daily = self.daily if household == self.household else ()
        if told.used is not None:
            daily = (*daily, told.used // ((told.last - told.first).days + 1))[-DAILY_KEPT:]
        readings = self.readings
        if last is None or told.last.isoformat() > last.day:
            readings = (*readings[-1:], Reading(told.reading, told.last.isoformat(), activity_id))
        return replace(self, household=household, readings=readings, daily=daily)

    def without(self, activity_id: str) -> "Meter":
        """After an act was refused: its reading bounds nothing."""
        return replace(
            self, readings=tuple(each for each in self.readings if each.activity_id != activity_id)
        )

    def unusual(self, told: Told) -> bool:
        """Whether far more or far less was used a day than usual."""
        if told.used is None or len(self.daily) < DAILY_LEAST:
            return False
        usual = sorted(self.daily)[len(self.daily) // 2]
        used = told.used // ((told.last - told.first).days + 1)
        return used > TIMES_UNUSUAL * usual or TIMES_UNUSUAL * used < usual


@dataclass(frozen=True)
class HomeMeter:
    """Which meter a home told of last, and up to which day (ISO)."""

    household: str
    behaviour: str
    meter: str = ""
    day: str = ""
    version: int = 0

    def told(self, told: Told) -> "HomeMeter":
        """With this meter. Raises SecondMeter."""
        if self.meter and self.meter != told.meter:
            if told.first <= date.fromisoformat(self.day) + MOVED_AFTER:
                raise SecondMeter
        elif self.day > told.last.isoformat():
            return self
        return replace(self, meter=told.meter, day=told.last.isoformat())


def _check(last: Reading, told: Told) -> None:
    day = date.fromisoformat(last.day)
    if told.last <= day:  # of days before the last reading
        if told.reading > last.value:
            raise ReadingDiffers(ran=0)
        return
    ran = told.reading - last.value
    if ran < 0:
        raise ReadingLower(last=last.value)
    if told.used is None or told.first <= day:
        return
    room = max(1, PERCENT_APART * ran // 100)
    follows = told.first == day + timedelta(days=1)
    if told.used > ran + room or (follows and told.used < ran - room):
        raise ReadingDiffers(ran=ran)


def name_of(number: str, behaviour: str, pepper: bytes) -> str:
    """Under which a meter is found, without saying which it is."""
    key = hmac.digest(pepper, b"puhui meters 1", "sha256")
    return hmac.digest(key, f"{behaviour}:{number}".encode(), "sha256")[:16].hex()


def told_of(meter: Mapping[str, str | int], first: date, last: date, used: int | None) -> Told:
    """What an act that keeps ``meter`` ({"id", "reading"}) tells."""
    return Told(str(meter["id"]), int(meter["reading"]), first, last, used)
