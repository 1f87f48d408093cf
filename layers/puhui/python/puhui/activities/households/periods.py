"""The days of one meter, or of one member, count once: on whatever day, by whoever lives there and in whatever programme they are
reported. A day belongs to the household in which the member lived on that day, so that a move opens none again."""

from collections.abc import Sequence
from datetime import timedelta

from puhui.activities.acts.identity import PeriodRule
from puhui.activities.acts.timing import Period
from puhui.activities.errors import PersonsNotOnRecord
from puhui.activities.households.model import People, Residences, Stretch


def stretches(rule: PeriodRule, period: Period, residences: Residences) -> dict[str, list[Stretch]]:
    """Whose days a period is about, by owner ("member:<id>", "household:<id>"): the member's, or those of each household in
    which the member lived meanwhile."""
    if rule.of == "member":
        return {f"member:{residences.member_id}": [Stretch(*period)]}
    found: dict[str, list[Stretch]] = {}
    for number in range((period.last - period.first).days + 1):
        day = period.first + timedelta(days=number)
        known = found.setdefault(f"household:{residences.household_on(day)}", [])
        if known and known[-1].last == day - timedelta(days=1):
            known[-1] = known[-1]._replace(last=day)
        else:
            known.append(Stretch(day, day))
    return found


def check_persons(persons: int, found: Sequence[tuple[Sequence[Stretch], People]]) -> None:
    """At most those count who lived in the household on all days reported, by its record; one without a record. Raises
    PersonsNotOnRecord."""
    known = min(people.throughout(each) for stretches_, people in found for each in stretches_)
    if persons > known:
        raise PersonsNotOnRecord(known=known)
