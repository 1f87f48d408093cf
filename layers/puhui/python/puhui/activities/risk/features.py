"""What an act says about itself, out of what recording it reads anyway: the act, its member's id and day. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from puhui.activities.acts.days import NO_TIME, Day, Entry
from puhui.activities.acts.model import Activity
from puhui.activities.risk.engine import Features
from puhui.kernel import ids
from puhui.kernel.grades import PARTNER, SELF_DECLARED, STEPS

MINUTES = 10  # within which a burst of acts counts
DAY_MINUTES = 24 * 60
STEPS_PATTERN_LEAST = 1_000  # a day of fewer steps says nothing about a pattern
JUMP_WITHIN = timedelta(minutes=10)
HOURLY_STEPS = (6_000, 9_000)  # what machines that shake a phone make


def of_act(activity: Activity, entry: Entry, today: Day) -> Features:
    """Of an act as it is recorded; ``today`` is its day without it.

    A data partner's records come in batches, days later, and are not the member's to time: only how many of one kind fall into
    one hour is counted of them.
    """
    recorded = int(activity.recorded_at.timestamp()) // 60
    others = [each for each in today.acts if each.activity_id != activity.id and each.start != NO_TIME]
    numbers = {"acts_day": len(others) + 1}
    if activity.grade == PARTNER:
        alike = [each for each in others if _same_source(each, entry)]
        numbers["same_source_hour"] = 1 + sum(abs(each.start - entry.start) < 60 for each in alike)
    else:
        numbers |= {
            "late_days": (activity.recorded_at - activity.occurred_at).days,
            "acts_10_min": 1 + sum(recorded - each.recorded < MINUTES for each in others if each.recorded),
            "late_acts_day": _late_acts(entry, others, recorded),
        }
    if activity.grade not in (PARTNER, SELF_DECLARED, STEPS):
        numbers["account_days"] = (activity.recorded_at - ids.time_of(activity.member_id)).days
        numbers["day_mg"] = entry.mg + sum(
            each.mg for each in others if each.grade not in (PARTNER, SELF_DECLARED)
        )
    if activity.ended_at and "distance_m" in activity.quantity:
        numbers["distance_m"] = activity.quantity["distance_m"]
        numbers["minutes"] = max(1, (activity.ended_at - activity.occurred_at) // timedelta(minutes=1))
    return Features(frozenset(activity.signals), numbers, activity.behaviour)


def _same_source(one: Entry, other: Entry) -> bool:
    same = (one.programme_id, one.behaviour) == (other.programme_id, other.behaviour)
    return same and one.grade == PARTNER


def _late_acts(entry: Entry, others: Sequence[Entry], recorded: int) -> int:
    """How many acts of the day were recorded more than a day after they happened, if this one was."""
    if recorded - entry.start <= DAY_MINUTES:
        return 0
    return 1 + sum(each.recorded - each.start > DAY_MINUTES for each in others if each.recorded)


def same_step_days(counts: Sequence[int]) -> int:
    """On how many days of a sync somebody walked exactly as many steps as on most others; small days aside."""
    times = Counter(count for count in counts if count >= STEPS_PATTERN_LEAST)
    return max(times.values(), default=0)


def of_steps(
    steps: int,
    before: int,
    synced_at: datetime | None,
    now: datetime,
    *,
    same_days: int,
    copied_days: int,
    behaviour: str,
) -> Features:
    """Of a day's steps as they are synced; the day had ``before`` at ``synced_at``, when it was synced before. A pattern over several
    days is a matter of days that count something."""
    numbers = {"steps": steps}
    if steps >= STEPS_PATTERN_LEAST:
        numbers |= {"same_step_days": same_days, "copied_step_days": copied_days}
    if synced_at is not None:
        gained, passed = steps - before, now - synced_at
        minutes = passed // timedelta(minutes=1)
        numbers["steps_jump"] = gained if passed <= JUMP_WITHIN else 0
        least, most = HOURLY_STEPS
        steady = minutes and least * minutes <= 60 * gained <= most * minutes
        numbers["steady_minutes"] = minutes if steady else 0
    return Features(frozenset(), numbers, behaviour)
