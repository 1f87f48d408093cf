"""When an act may have happened: it is over, not too old, took a time that it can take, and its member was one. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from puhui.activities.acts.identity import PeriodRule
from puhui.activities.errors import (
    ActTooFast,
    ActTooLong,
    BeforeFirstDay,
    EndedBeforeStart,
    OccurredInFuture,
    OccurredTooLongAgo,
    PeriodMismatch,
)
from puhui.kernel import clock, ids
from puhui.programmes.api import Behaviour

ACT_LONGEST = timedelta(hours=24)
PERIOD_DAYS_MAX = 366
_DAY = timedelta(days=1)


class ReportedTimes(NamedTuple):
    """The times that a member reported, when, and for how many days back that may be."""

    occurred_at: datetime
    ended_at: datetime | None
    now: datetime
    window_days: int


class Period(NamedTuple):
    """The days that an act reports."""

    first: date
    last: date


def check_times(times: ReportedTimes, rule: PeriodRule | None) -> None:
    """What can be said before anything is computed. Raises OccurredInFuture, OccurredTooLongAgo, EndedBeforeStart,
    ActTooLong."""
    last = times.ended_at or times.occurred_at
    _require_over(max(times.occurred_at, last), times.now)
    if times.ended_at is not None:
        if times.ended_at <= times.occurred_at:
            raise EndedBeforeStart
        if times.ended_at - times.occurred_at > (PERIOD_DAYS_MAX * _DAY if rule else ACT_LONGEST):
            raise ActTooLong
    if (last if rule else times.occurred_at) < times.now - timedelta(days=times.window_days):
        raise OccurredTooLongAgo(days=times.window_days)
    if rule and clock.programme_day(last) > clock.programme_day(times.now):
        raise OccurredInFuture  # whose home tomorrow will be is not settled


def check_length(times: ReportedTimes, behaviour: Behaviour, quantity: Mapping[str, Any]) -> None:
    """The end counts as the start does: as reported, or after the time that so much usually takes. Raises OccurredInFuture,
    ActTooFast."""
    takes = behaviour.occupies
    if takes is None:
        return
    if times.ended_at is None:
        _require_over(times.occurred_at + timedelta(minutes=takes.of(quantity)), times.now)
    elif times.ended_at - times.occurred_at < (least := takes.least_time(quantity)):
        raise ActTooFast(minutes=-(-least // timedelta(minutes=1)))


def _require_over(at: datetime, now: datetime) -> None:
    if at > now + clock.CLOCK_SKEW:
        raise OccurredInFuture


def period_of(times: ReportedTimes, rule: PeriodRule, quantity: Mapping[str, Any]) -> Period:
    """The days reported: so many, up to the day of the end, or of the reading where no end is reported. Raises
    PeriodMismatch when start and end say another number."""
    days = quantity[rule.days] if rule.days else 1
    last = clock.programme_day(times.ended_at or times.occurred_at)
    if times.ended_at is not None:
        between = (last - clock.programme_day(times.occurred_at)).days
        if not days - 1 <= between <= days:
            raise PeriodMismatch(days=days)
    return Period(last - timedelta(days=days - 1), last)


def check_first_day(member_id: str, day: date) -> None:
    """Nothing counts of the time before somebody became a member, which the member's id says. Raises BeforeFirstDay."""
    first = clock.programme_day(ids.time_of(member_id))
    if day < first:
        raise BeforeFirstDay(day=first.isoformat())
