"""What an act takes that is not its member's alone: the day of a household, and the days that it tells of."""

from collections.abc import Mapping
from typing import Any

from puhui.activities import periods
from puhui.activities.dynamo import Activities, claimed_from, household_day_from
from puhui.activities.identity import period_rule
from puhui.activities.model import Activity, HouseholdDay
from puhui.activities.periods import Claimed, household_on
from puhui.activities.timing import Period, Told, period_of
from puhui.programmes.api import Behaviour


def shared_with(
    draft: Activity,
    behaviour: Behaviour,
    period: Period | None,
    household: Mapping[str, Any] | None,
    activities: Activities,
) -> tuple[HouseholdDay | None, list[Claimed]]:
    """The household's day, where a cap counts it, and the claims to the days that the act tells of: one read, none where it
    shares nothing. ``household`` is the member's household item.

    Raises PeriodClaimed, PersonsNotOnRecord.
    """
    rule = period_rule(behaviour.id)
    found = periods.stretches(rule, period, draft.member_id, household) if rule and period else {}
    counts = rule is not None and rule.persons in draft.quantity
    lives_in = household_on(draft.day, household, draft.member_id)
    keys = [activities.period_key(owner, behaviour.id) for owner in found]
    keys += [activities.people_key(owner.partition(":")[2]) for owner in found] if counts else []
    keys += [activities.household_day_key(lives_in, draft.day)] if behaviour.caps.of_households else []
    items = activities.dynamodb.get_all(keys) if keys else []
    if rule and counts:
        people = items[len(found) : 2 * len(found)]
        periods.check_persons(draft.quantity[rule.persons], list(zip(found.values(), people, strict=True)))
    claimed = [
        claimed_from(owner, behaviour.id, item).claim(stretches, draft.id)
        for (owner, stretches), item in zip(found.items(), items, strict=False)
    ]
    shared = household_day_from(lives_in, draft.day, items[-1]) if behaviour.caps.of_households else None
    return shared, claimed


def given_back(activity: Activity, activities: Activities) -> list[Claimed]:
    """The claims without the days that a refused act told of: two reads, none for an act that tells of no days."""
    rule = period_rule(activity.behaviour)
    if rule is None:
        return []
    told = Told(activity.occurred_at, activity.ended_at, activity.recorded_at, 0)
    period = period_of(told, rule, activity.quantity)
    household = activities.dynamodb.get(*activities.household_key(activity.member_id))
    owners = list(periods.stretches(rule, period, activity.member_id, household))
    items = activities.dynamodb.get_all(
        [activities.period_key(owner, activity.behaviour) for owner in owners]
    )
    return [
        claimed_from(owner, activity.behaviour, item).without(activity.id)
        for owner, item in zip(owners, items, strict=True)
        if item
    ]
