"""Households: who shares the caps of household behaviours. A member who joined nobody's is one alone.

A change counts from the next day on, so that nobody has a day in two households.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from puhui.activities.dynamo import Activities
from puhui.kernel import clock, ids
from puhui.store.session import Session, attempt
from puhui.store.values import Item

SPELLS_KEPT = 12  # older ones lie before any claim window that their changes can reach


class Spell(NamedTuple):
    """In which household a member was, from the first to the last day (ISO dates; last "" for still)."""

    household: str
    first: str
    last: str


def household_on(day: date, item: Mapping[str, Any] | None, member_id: str) -> str:
    """The household in which the member was on ``day``, by the member's household item."""
    text = day.isoformat()
    for spell in _spells(item):
        if spell.first <= text and (not spell.last or text <= spell.last):
            return spell.household
    return member_id


def latest(item: Mapping[str, Any] | None, member_id: str) -> str:
    """The household in which the member is from tomorrow on: whom others join."""
    spells = _spells(item)
    return spells[-1].household if spells else member_id


def join(member_id: str, other_id: str, *, activities: Activities, now: datetime) -> dict[str, str]:
    """Move into the household of another member, from tomorrow on; asked again, nothing changes."""

    def build(session: Session) -> Item:
        mine, others = activities.dynamodb.get_all(
            [activities.household_key(member_id), activities.household_key(other_id)]
        )
        wanted = latest(others, other_id)
        return _move(session, member_id, mine, wanted, activities, now)

    return shown(attempt(activities.dynamodb, build), member_id, now)


def leave(member_id: str, *, activities: Activities, now: datetime) -> dict[str, str]:
    """Be a household alone, from tomorrow on."""

    def build(session: Session) -> Item:
        mine = activities.dynamodb.get(*activities.household_key(member_id))
        return _move(session, member_id, mine, ids.new_id(now), activities, now)

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
    session: Session, member_id: str, item: Item | None, wanted: str, activities: Activities, now: datetime
) -> Item:
    if latest(item, member_id) == wanted:
        return item or {"spells": []}
    today = clock.programme_day(now)
    tomorrow = (today + timedelta(days=1)).isoformat()
    spells = [spell for spell in _spells(item) if spell.first <= today.isoformat()]
    current = household_on(today, item, member_id)
    first = spells.pop().first if spells else ""
    moved = [*spells, Spell(current, first, today.isoformat()), Spell(wanted, tomorrow, "")][-SPELLS_KEPT:]
    activities.put_household(session, member_id, moved, item["v"] if item else 0)
    return {"spells": moved}


def _spells(item: Mapping[str, Any] | None) -> Sequence[Spell]:
    return [Spell(*spell) for spell in item["spells"]] if item else []
