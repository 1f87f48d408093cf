"""What an act uses that is not its member's alone: the day of a household, and the days that it reports."""

from puhui.activities.acts.identity import period_rule
from puhui.activities.acts.model import Activity
from puhui.activities.acts.timing import Period, ReportedTimes, period_of
from puhui.activities.households import periods
from puhui.activities.households.model import HouseholdDay, ReportedDays, Residences
from puhui.activities.households.repository import Households
from puhui.programmes.api import Behaviour


def shared_with(
    draft: Activity,
    behaviour: Behaviour,
    period: Period | None,
    residences: Residences,
    households: Households,
) -> tuple[HouseholdDay | None, list[ReportedDays]]:
    """The household's day, where a cap counts it, and the days that the act reports: one read, none where it shares nothing.

    Raises PeriodClaimed, PersonsNotOnRecord.
    """
    rule = period_rule(behaviour.id)
    found = periods.stretches(rule, period, residences) if rule and period else {}
    counts = rule is not None and rule.persons in draft.quantity
    lives_in = residences.household_on(draft.day)
    homes = [owner.partition(":")[2] for owner in found] if counts else []
    keys = [households.reported_key(owner, behaviour.id) for owner in found]
    keys += [households.people_key(home) for home in homes]
    keys += [households.day_key(lives_in, draft.day)] if behaviour.caps.of_households else []
    items = households.dynamodb.get_all(keys) if keys else []
    if rule and counts:
        read = [
            households.read_people(home, item) for home, item in zip(homes, items[len(found) :], strict=False)
        ]
        periods.check_persons(draft.quantity[rule.persons], list(zip(found.values(), read, strict=True)))
    reported = [
        households.read_reported(owner, behaviour.id, item).report(stretches, draft.id)
        for (owner, stretches), item in zip(found.items(), items, strict=False)
    ]
    shared = households.read_day(lives_in, draft.day, items[-1]) if behaviour.caps.of_households else None
    return shared, reported


def given_back(activity: Activity, households: Households) -> list[ReportedDays]:
    """The reported days without those of a refused act: two reads, none for an act that reports no days."""
    rule = period_rule(activity.behaviour)
    if rule is None:
        return []
    times = ReportedTimes(activity.occurred_at, activity.ended_at, activity.recorded_at, 0)
    period = period_of(times, rule, activity.quantity)
    residences = households.residences_of(activity.member_id)
    owners = list(periods.stretches(rule, period, residences))
    items = households.dynamodb.get_all(
        [households.reported_key(owner, activity.behaviour) for owner in owners]
    )
    return [
        households.read_reported(owner, activity.behaviour, item).without(activity.id)
        for owner, item in zip(owners, items, strict=True)
        if item
    ]
