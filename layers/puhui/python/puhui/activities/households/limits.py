"""What an act uses that is not its member's alone: the day of a household, the days that it reports, and the meter that it reads."""

from typing import NamedTuple

from puhui.activities.acts.days import Entry
from puhui.activities.acts.identity import period_rule
from puhui.activities.acts.model import Activity
from puhui.activities.acts.timing import Period, ReportedTimes, period_of
from puhui.activities.errors import MeterNotWanted
from puhui.activities.households import periods
from puhui.activities.households.meters import METER_UNUSUAL, HomeMeter, Meter, told_of
from puhui.activities.households.model import HouseholdDay, ReportedDays, Residences
from puhui.activities.households.repository import Households
from puhui.programmes.api import Behaviour, Caps
from puhui.store.session import Session


class Shared(NamedTuple):
    """What an act shares with others, with the act counted in: the household's day where a cap counts it, the reported days, the meter and the
    home's. ``signals``: what is odd about the reading."""

    day: HouseholdDay | None = None
    reported: tuple[ReportedDays, ...] = ()
    meters: tuple[Meter, HomeMeter] | None = None
    signals: tuple[str, ...] = ()

    @property
    def household(self) -> str:
        """The household that counts the act among its own."""
        return self.day.household if self.day else ""

    def fit(self, wanted: Entry, caps: Caps) -> Entry:
        """``wanted``, as much of it as the household's day still takes. Raises CapReached."""
        return self.day.fit(wanted, caps) if self.day else wanted

    def add(self, session: Session, entry: Entry, households: Households) -> None:
        """Write all of it with the act."""
        if self.day:
            households.add_to_day(session, self.day, entry)
        for each in self.reported:
            households.put_reported(session, each)
        if self.meters:
            households.put_meters(session, *self.meters)


def shared_with(
    draft: Activity,
    behaviour: Behaviour,
    period: Period | None,
    residences: Residences,
    households: Households,
) -> Shared:
    """What the act shares: one read, none where that is nothing, and one more with a meter.

    Raises PeriodClaimed, PersonsNotOnRecord, MeterNotWanted, and what ``meters`` has.
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
    meters, signals = _meters(draft, period, residences, households)
    return Shared(shared, tuple(reported), meters, signals)


def _meters(
    draft: Activity, period: Period | None, residences: Residences, households: Households
) -> tuple[tuple[Meter, HomeMeter] | None, tuple[str, ...]]:
    if not draft.meter:
        return None, ()
    rule = period_rule(draft.behaviour)
    if rule is None or rule.meter is None or period is None:
        raise MeterNotWanted
    told = told_of(draft.meter, period.first, period.last, draft.quantity[rule.meter] if rule.meter else None)
    home = residences.household_on(period.last)
    meter, homes = households.meters(told.meter, home, draft.behaviour)
    signals = (METER_UNUSUAL,) if meter.unusual(told) else ()
    return (meter.told(told, home, draft.id), homes.told(told)), signals


def reading_back(activity: Activity, households: Households) -> tuple[Meter, HomeMeter] | None:
    """The meter without the reading of a refused act: one read, none for an act without one."""
    if not activity.meter:
        return None
    residences = households.residences_of(activity.member_id)
    home = residences.household_on(activity.day)
    meter, homes = households.meters(activity.meter["id"], home, activity.behaviour)
    return meter.without(activity.id), homes


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
