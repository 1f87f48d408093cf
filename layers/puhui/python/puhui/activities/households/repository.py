"""Households in the activities' table.

| item          | owner (hash)                | entry (range)   | holds |
|---------------|-----------------------------|-----------------|-------|
| residences    | member:<id>                 | household       | places: [{household, first, last}]; v |
| people        | household:<id>              | people          | people: {member id: [{first, last}]}; v |
| reported days | household:<id>, member:<id> | P#<behaviour>   | days: [{first, last, of}]; v |
| meter         | meter:<keyed hash>          | M#<behaviour>   | household; readings: [{value, day, of}]; daily; v |
| home's meter  | household:<id>              | M#<behaviour>   | meter, day; v |
| household day | household:<id>              | D#<yyyy-mm-dd>  | <programme>#<behaviour>#mg and #acts; v |

A household's day is counted up and down, so that its attributes are named by programme and behaviour.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from puhui.activities.acts.days import Entry
from puhui.activities.households.meters import HomeMeter, Meter, Reading
from puhui.activities.households.model import (
    HouseholdDay,
    People,
    ReportedDays,
    ReportedSpan,
    Residences,
)
from puhui.store.client import DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.versions import put_next

RESIDENCES = Record(
    Residences,
    owner="member:{member_id}",
    entry="household",
    names={"version": "v"},
    always=("places", "version"),
)
PEOPLE = Record(
    People,
    owner="household:{household}",
    entry="people",
    names={"version": "v"},
    always=("people", "version"),
)
REPORTED_DAYS = Record(
    ReportedDays,
    owner="{owner}",
    entry="P#{behaviour}",
    names={"spans": "days", "version": "v"},
    always=("spans", "version"),
    inner={ReportedSpan: Record(ReportedSpan, names={"activity_id": "of"})},
)
METER = Record(
    Meter,
    owner="meter:{meter}",
    entry="M#{behaviour}",
    names={"version": "v"},
    always=("household", "version"),
    inner={Reading: Record(Reading, names={"activity_id": "of"})},
)
HOME_METER = Record(
    HomeMeter,
    owner="household:{household}",
    entry="M#{behaviour}",
    names={"version": "v"},
    always=("version",),
)


class Households:
    """Who lives where, and what was reported of homes."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def residences_key(self, member_id: str) -> Key:
        """The key of where a member lived."""
        return Key(self.table, RESIDENCES.key(member_id=member_id))

    def read_residences(self, member_id: str, item: Mapping[str, Any] | None) -> Residences:
        """Where a member lived, by an item; nowhere else when there is none."""
        return RESIDENCES.read(item) if item else Residences(member_id)

    def residences(self, *member_ids: str) -> list[Residences]:
        """Where members lived; one read."""
        items = self.dynamodb.get_all([self.residences_key(each) for each in member_ids])
        return [self.read_residences(each, item) for each, item in zip(member_ids, items, strict=True)]

    def residences_of(self, member_id: str) -> Residences:
        """Where one member lived."""
        return self.read_residences(member_id, self.dynamodb.get(*self.residences_key(member_id)))

    def put_residences(self, session: Session, residences: Residences) -> None:
        """Write where a member lived, worked out from the version that was read."""
        put_next(session, self.table, RESIDENCES, residences)

    def people_key(self, household: str) -> Key:
        """The key of who lived in a household."""
        return Key(self.table, PEOPLE.key(household=household))

    def read_people(self, household: str, item: Mapping[str, Any] | None) -> People:
        """Who lived in a household, by an item; nobody when there is none."""
        return PEOPLE.read(item) if item else People(household)

    def people(self, households: list[str]) -> list[People]:
        """Who lived in households; one read."""
        items = self.dynamodb.get_all([self.people_key(each) for each in households])
        return [self.read_people(each, item) for each, item in zip(households, items, strict=True)]

    def put_people(self, session: Session, people: People) -> None:
        """Write who lived in a household, worked out from the version that was read."""
        put_next(session, self.table, PEOPLE, people)

    def reported_key(self, owner: str, behaviour: str) -> Key:
        """The key of the days that were reported of a household or a member."""
        return Key(self.table, REPORTED_DAYS.key(owner=owner, behaviour=behaviour))

    def read_reported(self, owner: str, behaviour: str, item: Mapping[str, Any] | None) -> ReportedDays:
        """The reported days of an item; none when there is no item."""
        return REPORTED_DAYS.read(item) if item else ReportedDays(owner, behaviour)

    def put_reported(self, session: Session, reported: ReportedDays) -> None:
        """Write which days were reported, worked out from the version that was read."""
        put_next(session, self.table, REPORTED_DAYS, reported)

    def meters(self, meter: str, household: str, behaviour: str) -> tuple[Meter, HomeMeter]:
        """A meter, and the one that a home told of; one read."""
        found, home = self.dynamodb.get_all(
            [
                Key(self.table, METER.key(meter=meter, behaviour=behaviour)),
                Key(self.table, HOME_METER.key(household=household, behaviour=behaviour)),
            ]
        )
        return (
            METER.read(found) if found else Meter(meter, behaviour),
            HOME_METER.read(home) if home else HomeMeter(household, behaviour),
        )

    def put_meters(self, session: Session, meter: Meter, home: HomeMeter) -> None:
        """Write both, worked out from the versions that were read."""
        put_next(session, self.table, METER, meter)
        put_next(session, self.table, HOME_METER, home)

    def forget_meter(self, meter: str, behaviour: str, household: str) -> None:
        """Remove a meter that is in this home."""
        key = METER.key(meter=meter, behaviour=behaviour)
        item = self.dynamodb.get(self.table, key)
        if item and item["household"] == household:
            self.dynamodb.delete_all(self.table, [key])

    def day_key(self, household: str, day: date) -> Key:
        """The key of what a household did on a day."""
        return Key(self.table, {"owner": f"household:{household}", "entry": f"D#{day.isoformat()}"})

    def read_day(self, household: str, day: date, item: Mapping[str, Any] | None) -> HouseholdDay:
        """The household's day of an item; an empty one when there is none."""
        item = item or {}
        used: dict[tuple[str, str], tuple[int, int]] = {}
        for name, mg in item.items():
            if name.endswith("#mg"):
                programme_id, behaviour, _ = name.split("#")
                used[programme_id, behaviour] = mg, item[f"{programme_id}#{behaviour}#acts"]
        return HouseholdDay(household, day, used, item.get("v", 0))

    def add_to_day(self, session: Session, read: HouseholdDay, entry: Entry) -> None:
        """Count an act into the household's day that was read."""
        self._count(session, read.household, read.day, entry, 1, read.version)

    def free_day(self, session: Session, household: str, day: date, entry: Entry) -> None:
        """Count an act out of a household's day again."""
        self._count(session, household, day, entry, -1, None)

    def _count(
        self, session: Session, household: str, day: date, entry: Entry, sign: int, version: int | None
    ) -> None:
        name = f"{entry.programme_id}#{entry.behaviour}#"
        values: dict[str, Any] = {":mg": sign * entry.mg, ":acts": sign * entry.acts, ":one": 1}
        condition = None
        if version is not None:
            condition = "v = :v" if version else "attribute_not_exists(v)"
            values |= {":v": version} if version else {}
        session.update(
            *self.day_key(household, day),
            "ADD #mg :mg, #acts :acts, v :one",
            values,
            names={"#mg": f"{name}mg", "#acts": f"{name}acts"},
            condition=condition,
            error=OptimisticLockFailed(),
        )
