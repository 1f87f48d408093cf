"""When an act may have happened: it is over, not too old, took a time that it can take, and its member was one. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from puhui.activities.errors import (
    ActTooFast,
    ActTooLong,
    BeforeFirstDay,
    EndedBeforeStart,
    OccurredInFuture,
    OccurredTooLongAgo,
    PeriodMismatch,
)
from puhui.activities.identity import PeriodRule
from puhui.kernel import clock, ids
from puhui.programmes.api import Behaviour

ACT_LONGEST = timedelta(hours=24)
PERIOD_DAYS_MAX = 366
_DAY = timedelta(days=1)


class Told(NamedTuple):
    """The times that a member told, when, and for how many days back that may be."""

    occurred_at: datetime
    ended_at: datetime | None
    now: datetime
    window_days: int


class Period(NamedTuple):
    """The days that an act tells of."""

    first: date
    last: date


def check_told(told: Told, rule: PeriodRule | None) -> None:
    """What can be said before anything is computed. Raises OccurredInFuture, OccurredTooLongAgo, EndedBeforeStart,
    ActTooLong."""
    last = told.ended_at or told.occurred_at
    _require_over(max(told.occurred_at, last), told.now)
    if told.ended_at is not None:
        if told.ended_at <= told.occurred_at:
            raise EndedBeforeStart
        if told.ended_at - told.occurred_at > (PERIOD_DAYS_MAX * _DAY if rule else ACT_LONGEST):
            raise ActTooLong
    if (last if rule else told.occurred_at) < told.now - timedelta(days=told.window_days):
        raise OccurredTooLongAgo(days=told.window_days)
    if rule and clock.programme_day(last) > clock.programme_day(told.now):
        raise OccurredInFuture  # whose home tomorrow will be is not settled


def check_length(told: Told, behaviour: Behaviour, quantity: Mapping[str, Any]) -> None:
    """The end counts as the start does: as told, or after the time that so much usually takes. Raises OccurredInFuture,
    ActTooFast."""
    takes = behaviour.occupies
    if takes is None:
        return
    if told.ended_at is None:
        _require_over(told.occurred_at + timedelta(minutes=takes.of(quantity)), told.now)
    elif told.ended_at - told.occurred_at < (least := takes.least_time(quantity)):
        raise ActTooFast(minutes=-(-least // timedelta(minutes=1)))


def _require_over(at: datetime, now: datetime) -> None:
    if at > now + clock.CLOCK_SKEW:
        raise OccurredInFuture


def period_of(told: Told, rule: PeriodRule, quantity: Mapping[str, Any]) -> Period:
    """The days told of: so many, up to the day of the end, or of the reading where no end is told. Raises
    PeriodMismatch when start and end say another number."""
    days = quantity[rule.days] if rule.days else 1
    last = clock.programme_day(told.ended_at or told.occurred_at)
    if told.ended_at is not None:
        between = (last - clock.programme_day(told.occurred_at)).days
        if not days - 1 <= between <= days:
            raise PeriodMismatch(days=days)
    return Period(last - timedelta(days=days - 1), last)


def check_first_day(member_id: str, day: date) -> None:
    """Nothing counts of the time before somebody became a member, which the member's id tells. Raises BeforeFirstDay."""
    first = clock.programme_day(ids.time_of(member_id))
    if day < first:
        raise BeforeFirstDay(day=first.isoformat())
