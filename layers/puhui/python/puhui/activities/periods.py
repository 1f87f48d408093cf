"""The days of one meter, or of one member, count once: whatever day they are told on, by whoever lives there, in whatever
programme. A day belongs to the household in which the member was on that day, so that moving opens none again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from puhui.activities.errors import PeriodClaimed, PersonsNotOnRecord
from puhui.activities.identity import PeriodRule
from puhui.activities.timing import Period

KEPT_DAYS = 800  # older ones lie before any day that may still be told of


class Spell(NamedTuple):
    """In which household a member was, from the first to the last day (ISO dates; last "" for still)."""

    household: str
    first: str
    last: str


def spells_of(item: Mapping[str, Any] | None) -> list[Spell]:
    """The spells of a member's household item."""
    return [Spell(*spell) for spell in item["spells"]] if item else []


def household_on(day: date, item: Mapping[str, Any] | None, member_id: str) -> str:
    """The household in which the member was on ``day``, by the member's household item."""
    text = day.isoformat()
    for spell in spells_of(item):
        if spell.first <= text and (not spell.last or text <= spell.last):
            return spell.household
    return member_id


class Stretch(NamedTuple):
    """Days on end, the first and the last."""

    first: date
    last: date


@dataclass(frozen=True)
class Claimed:
    """The days of one owner and behaviour that were told of, as read: (first, last, activity id), ISO dates."""

    owner: str
    behaviour: str
    spans: tuple[tuple[str, str, str], ...] = ()
    version: int = 0

    def claim(self, stretches: Sequence[Stretch], activity_id: str) -> "Claimed":
        """With what an act tells of. Raises PeriodClaimed when another act told of one of its days."""
        oldest = (stretches[-1].last - timedelta(days=KEPT_DAYS)).isoformat()
        kept = tuple(span for span in self.spans if span[1] >= oldest and span[2] != activity_id)
        told = tuple((each.first.isoformat(), each.last.isoformat(), activity_id) for each in stretches)
        for first, last, _ in told:
            for span_first, span_last, _ in kept:
                if span_first <= last and first <= span_last:
                    raise PeriodClaimed(first=span_first, last=span_last)
        return replace(self, spans=(*kept, *told))

    def without(self, activity_id: str) -> "Claimed":
        """After an act was refused: its days are free again."""
        return replace(self, spans=tuple(span for span in self.spans if span[2] != activity_id))


def stretches(
    rule: PeriodRule, period: Period, member_id: str, household: Mapping[str, Any] | None
) -> dict[str, list[Stretch]]:
    """Whose days a period tells of, by owner ("member:<id>", "household:<id>"): the member's, or those of each household in
    which the member was meanwhile. ``household`` is the member's household item."""
    if rule.of == "member":
        return {f"member:{member_id}": [Stretch(*period)]}
    found: dict[str, list[Stretch]] = {}
    for number in range((period.last - period.first).days + 1):
        day = period.first + timedelta(days=number)
        known = found.setdefault(f"household:{household_on(day, household, member_id)}", [])
        if known and known[-1].last == day - timedelta(days=1):
            known[-1] = known[-1]._replace(last=day)
        else:
            known.append(Stretch(day, day))
    return found


def check_persons(persons: int, found: Sequence[tuple[Sequence[Stretch], Mapping[str, Any] | None]]) -> None:
    """At most those count who were in the household on all days told of, by its record; one without a record. Raises
    PersonsNotOnRecord."""
    known = min(people_throughout(record, each) for stretches_, record in found for each in stretches_)
    if persons > known:
        raise PersonsNotOnRecord(known=known)


def people_throughout(record: Mapping[str, Any] | None, stretch: Stretch) -> int:
    """How many a household's record names for every day of a stretch; one where it has none."""
    first, last = stretch.first.isoformat(), stretch.last.isoformat()
    there = [
        spells
        for spells in (record or {}).get("people", {}).values()
        if any(came <= first and (not left or last <= left) for came, left in spells)
    ]
    return max(1, len(there))
