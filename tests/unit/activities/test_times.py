"""When an act may have happened."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from puhui.activities.acts import timing
from puhui.activities.acts.identity import PeriodRule, period_rule, window
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
from puhui.programmes import api as programmes

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CYCLING = programmes.behaviour(programmes.programme("carbon-88"), "cycling")
ORDER = programmes.behaviour(programmes.programme("carbon-88"), "no_tableware")
METER = PeriodRule("household", "days")


def told(began: timedelta, ended: timedelta | None = None, window_days: int = 31) -> timing.ReportedTimes:
    return timing.ReportedTimes(NOW + began, None if ended is None else NOW + ended, NOW, window_days)


def test_an_act_is_neither_in_the_future_nor_too_old():
    timing.check_times(told(4 * MINUTE), None)
    with pytest.raises(OccurredInFuture):
        timing.check_times(told(6 * MINUTE), None)
    with pytest.raises(OccurredInFuture):
        timing.check_times(told(-HOUR, 6 * MINUTE), None)
    with pytest.raises(OccurredTooLongAgo):
        timing.check_times(told(timedelta(days=-7, seconds=-1), window_days=7), None)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_the_ends_of_the_calendar_are_refused_and_no_surprise(at: str):
    far = datetime.fromisoformat(at)
    for began, ended in ((far, None), (NOW - HOUR, far), (far, NOW)):
        with pytest.raises((OccurredInFuture, OccurredTooLongAgo, EndedBeforeStart, ActTooLong)):
            timing.check_times(timing.ReportedTimes(began, ended, NOW, 31), METER)


def test_thirty_kilometres_just_now_are_not_over_yet():
    ride = {"distance_m": 30_000}
    for began in (timedelta(0), -114 * MINUTE):
        with pytest.raises(OccurredInFuture):
            timing.check_length(told(began), CYCLING, ride)
    timing.check_length(told(-115 * MINUTE), CYCLING, ride)  # five minutes are what clocks may differ by
    timing.check_length(told(timedelta(0)), ORDER, {"orders": 1})


def test_an_end_that_is_told_counts_and_must_be_possible():
    ride = {"distance_m": 30_000}
    timing.check_length(told(-HOUR, timedelta(0)), CYCLING, ride)
    with pytest.raises(ActTooFast) as refused:
        timing.check_length(told(-59 * MINUTE, timedelta(0)), CYCLING, ride)
    assert refused.value.details["minutes"] == 60
    for ended in (-HOUR, -2 * HOUR):
        with pytest.raises(EndedBeforeStart):
            timing.check_times(told(-HOUR, ended), None)
    timing.check_times(told(-DAY, timedelta(0)), None)
    with pytest.raises(ActTooLong):
        timing.check_times(told(-DAY - MINUTE, timedelta(0)), None)


def test_a_period_reaches_up_to_the_reading_or_to_the_end_that_is_told():
    assert timing.period_of(told(timedelta(0)), METER, {"days": 30}) == (
        date(2026, 10, 22),
        date(2026, 11, 20),
    )
    assert timing.period_of(told(timedelta(0)), PeriodRule("household"), {}) == (date(2026, 11, 20),) * 2
    for days in (29, 30):
        first, last = timing.period_of(told(-29 * DAY, timedelta(0)), METER, {"days": days})
        assert ((last - first).days + 1, last) == (days, date(2026, 11, 20))
    for days in (28, 31):
        with pytest.raises(PeriodMismatch):
            timing.period_of(told(-29 * DAY, timedelta(0)), METER, {"days": days})
    timing.check_times(told(-40 * DAY, -10 * DAY), METER)  # the end is within the window
    with pytest.raises(OccurredTooLongAgo):
        timing.check_times(told(-62 * DAY, -32 * DAY), METER)


def test_a_period_has_no_day_to_come_whatever_clocks_say():
    midnight = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    with pytest.raises(OccurredInFuture):
        timing.check_times(timing.ReportedTimes(midnight + MINUTE, None, midnight - MINUTE, 31), METER)
    timing.check_times(timing.ReportedTimes(midnight + MINUTE, None, midnight + MINUTE, 31), METER)


def test_nothing_counts_of_the_time_before_a_member_was_one():
    member_id = ids.new_id(NOW)
    today = clock.programme_day(NOW)
    timing.check_first_day(member_id, today)
    with pytest.raises(BeforeFirstDay) as refused:
        timing.check_first_day(member_id, today - DAY)
    assert refused.value.details["day"] == "2026-11-20"


def test_every_behaviour_of_the_house_has_an_identity_of_its_own_in_the_table():
    from puhui.activities.acts import identity  # noqa: PLC0415 the table is no part of what others use

    table: dict[str, Any] = identity._table()["behaviours"]
    counted = {
        behaviour.id
        for programme in programmes.all_programmes()
        for behaviour in programme.behaviours.values()
        if "steps" not in behaviour.evidence
    }
    assert counted == table.keys()
    for behaviour, entry in table.items():
        assert entry["why"]
        assert period_rule(behaviour) or 1 <= window(behaviour).within <= window(behaviour).across


def test_the_window_across_programmes_is_at_least_the_usual_length():
    """Shifting a trip by its own length does not help: the window begins where the usual time ends."""
    for programme in programmes.all_programmes():
        for behaviour in programme.behaviours.values():
            if takes := behaviour.occupies:
                assert window(behaviour.id).across >= 60
                assert takes.quantity in behaviour.bounds
