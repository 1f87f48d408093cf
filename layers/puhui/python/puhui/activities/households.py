"""Households: who shares the caps of household behaviours. A member who joined nobody's is one alone.

A change counts from the next day on, so that nobody has a day in two households. A household's own record names its people,
so that an act that counts them can be held to it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from puhui.activities.dynamo import Activities
from puhui.activities.errors import HouseholdFull, HouseholdMoves
from puhui.activities.periods import Spell, household_on, spells_of
from puhui.kernel import clock, ids
from puhui.store.session import Session, attempt
from puhui.store.values import Item

SPELLS_DAYS = 800  # older ones lie before any day that may still be told of
MOVES_MAX = 12  # in so many days
PEOPLE_MAX = 12
NAMES_MAX = 200  # in a household's record, with those who left


def latest(item: Mapping[str, Any] | None, member_id: str) -> str:
    """The household in which the member is from tomorrow on: whom others join."""
    spells = spells_of(item)
    return spells[-1].household if spells else member_id


def join(member_id: str, other_id: str, *, activities: Activities, now: datetime) -> dict[str, str]:
    """Move into the household of another member, from tomorrow on; asked again, nothing changes. Raises HouseholdFull,
    HouseholdMoves."""

    def build(session: Session) -> Item:
        mine, others = activities.dynamodb.get_all(
            [activities.household_key(member_id), activities.household_key(other_id)]
        )
        wanted = latest(others, other_id)
        return _move(session, member_id, mine, wanted, activities, now, {other_id: _in(others, wanted)})

    return shown(attempt(activities.dynamodb, build), member_id, now)


def leave(member_id: str, *, activities: Activities, now: datetime) -> dict[str, str]:
    """Be a household alone, from tomorrow on. Raises HouseholdMoves."""

    def build(session: Session) -> Item:
        mine = activities.dynamodb.get(*activities.household_key(member_id))
        return _move(session, member_id, mine, ids.new_id(now), activities, now, {})

    return shown(attempt(activities.dynamodb, build), member_id, now)


def find(member_id: str, *, activities: Activities, now: datetime) -> dict[str, str]:
    """The member's household; one read."""
    return shown(activities.dynamodb.get(*activities.household_key(member_id)), member_id, now)


def shown(item: Mapping[str, Any] | None, member_id: str, now: datetime) -> dict[str, str]:
    """The household of the contract: today's, and tomorrow's where it is another one."""
    today = household_on(clock.programme_day(now), item, member_id)
    tomorrow = latest(item, member_id)
    return {"household_id": today} | ({"from_tomorrow": tomorrow} if tomorrow != today else {})


def _move(
    session: Session,
    member_id: str,
    item: Item | None,
    wanted: str,
    activities: Activities,
    now: datetime,
    there: Mapping[str, list[list[str]]],
) -> Item:
    """Write the move and what the records of the households say of it; ``there``: who lives in the wanted one anyhow."""
    before = latest(item, member_id)
    if before == wanted:
        return item or {"spells": []}
    current = household_on(clock.programme_day(now), item, member_id)
    spells = _moved(spells_of(item), current, wanted, now)
    moved = {"spells": spells}
    activities.put_household(session, member_id, spells, item["v"] if item else 0)
    touched = list(dict.fromkeys([current, before, wanted]))
    records = activities.dynamodb.get_all([activities.people_key(each) for each in touched])
    for household, record in zip(touched, records, strict=True):
        people = dict((record or {}).get("people", {}))
        if household == wanted:
            people = {**there, **people}
        people[member_id] = _in(moved, household)
        people = {each: known for each, known in people.items() if known}
        still = sum(1 for known in people.values() if not known[-1][1])
        if household == wanted and (still > PEOPLE_MAX or len(people) > NAMES_MAX):
            raise HouseholdFull(most=PEOPLE_MAX)
        activities.put_people(session, household, people, record["v"] if record else 0)
    return moved


def _moved(spells: list[Spell], current: str, wanted: str, now: datetime) -> list[Spell]:
    """The spells with the move of today; those that no act can tell of any more are left out. Raises HouseholdMoves."""
    today = clock.programme_day(now)
    tomorrow, oldest = today + timedelta(days=1), today - timedelta(days=SPELLS_DAYS)
    kept = [spell for spell in spells if spell.first <= today.isoformat()]
    first = kept.pop().first if kept else ""
    if wanted == current:
        return [*kept, Spell(current, first, "")]
    kept = [spell for spell in kept if spell.last >= oldest.isoformat()]
    if len(kept) >= MOVES_MAX:
        raise HouseholdMoves(most=MOVES_MAX, days=SPELLS_DAYS)
    last = Spell(current, first, today.isoformat())
    return [*kept, last, Spell(wanted, tomorrow.isoformat(), "")]


def _in(item: Mapping[str, Any] | None, household: str) -> list[list[str]]:
    """The days of a member in a household, by the member's item: from ever on where nothing was ever written."""
    if item is None:
        return [["", ""]]
    return [[spell.first, spell.last] for spell in spells_of(item) if spell.household == household]
