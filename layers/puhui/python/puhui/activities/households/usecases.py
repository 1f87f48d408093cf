"""Households: who shares the caps of household behaviours. A member who joined nobody's is one alone.

A change counts from the next day on, so that nobody has a day in two households. A household's own record names its people,
so that an act that counts them can be held to it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from puhui.activities.errors import HouseholdFull, HouseholdMoves
from puhui.activities.households.model import KEPT_DAYS, Interval, Residence, Residences
from puhui.activities.households.repository import Households
from puhui.kernel import clock, ids
from puhui.store.session import Session, attempt

MOVES_MAX = 12  # in KEPT_DAYS
PEOPLE_MAX = 12
NAMES_MAX = 200  # in a household's record, with those who left


def join(member_id: str, other_id: str, *, households: Households, now: datetime) -> dict[str, str]:
    """Move into the household of another member, from tomorrow on; asked again, nothing changes. Raises HouseholdFull,
    HouseholdMoves."""

    def build(session: Session) -> Residences:
        mine, others = households.residences(member_id, other_id)
        wanted = others.latest
        return _move(session, mine, wanted, households, now, {other_id: others.in_household(wanted)})

    return household_body(attempt(households.dynamodb, build), now)


def leave(member_id: str, *, households: Households, now: datetime) -> dict[str, str]:
    """Be a household alone, from tomorrow on. Raises HouseholdMoves."""

    def build(session: Session) -> Residences:
        return _move(session, households.residences_of(member_id), ids.new_id(now), households, now, {})

    return household_body(attempt(households.dynamodb, build), now)


def find(member_id: str, *, households: Households, now: datetime) -> dict[str, str]:
    """The member's household; one read."""
    return household_body(households.residences_of(member_id), now)


def household_body(residences: Residences, now: datetime) -> dict[str, str]:
    """The household of the contract: today's, and tomorrow's where it is another one."""
    today = residences.household_on(clock.programme_day(now))
    tomorrow = residences.latest
    return {"household_id": today} | ({"from_tomorrow": tomorrow} if tomorrow != today else {})


def _move(
    session: Session,
    before: Residences,
    wanted: str,
    households: Households,
    now: datetime,
    there: Mapping[str, tuple[Interval, ...]],
) -> Residences:
    """Write the move and what the records of the households say of it; ``there``: who lives in the wanted one anyhow."""
    if before.latest == wanted:
        return before
    current = before.household_on(clock.programme_day(now))
    moved = replace(before, places=_moved(before.places, current, wanted, now))
    written = replace(moved, version=before.version + 1)
    households.put_residences(session, moved)
    for record in households.people(list(dict.fromkeys([current, before.latest, wanted]))):
        people = dict(record.people)
        if record.household == wanted:
            people = {**there, **people}
        people[before.member_id] = written.in_household(record.household)
        people = {each: known for each, known in people.items() if known}
        still = sum(1 for known in people.values() if not known[-1].last)
        if record.household == wanted and (still > PEOPLE_MAX or len(people) > NAMES_MAX):
            raise HouseholdFull(most=PEOPLE_MAX)
        households.put_people(session, replace(record, people=people))
    return written


def _moved(places: tuple[Residence, ...], current: str, wanted: str, now: datetime) -> tuple[Residence, ...]:
    """The residences with the move of today; those that no act can be about any more are left out. Raises HouseholdMoves."""
    today = clock.programme_day(now)
    tomorrow, oldest = today + timedelta(days=1), today - timedelta(days=KEPT_DAYS)
    kept = [place for place in places if place.first <= today.isoformat()]
    first = kept.pop().first if kept else ""
    if wanted == current:
        return (*kept, Residence(current, first))
    kept = [place for place in kept if place.last >= oldest.isoformat()]
    if len(kept) >= MOVES_MAX:
        raise HouseholdMoves(most=MOVES_MAX, days=KEPT_DAYS)
    last = Residence(current, first, today.isoformat())
    return (*kept, last, Residence(wanted, tomorrow.isoformat()))
