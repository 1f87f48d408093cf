"""Guardians and wards in the members' table (keys: ``repository.py``)."""

from dataclasses import dataclass
from datetime import datetime

from puhui.kernel import clock
from puhui.members.errors import RoomForWards
from puhui.members.friendships import member_key
from puhui.store.client import DynamoDB
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session

WARDS_MAX, GUARDIANS_MAX = 10, 2


@dataclass(frozen=True)
class Guardianship:
    """That a guardian agreed for a child, when, and by which notice: ``notice_hash`` is of the eight statements as they were shown."""

    child_id: str
    guardian_id: str
    since: datetime
    version: str
    notice_hash: str


GUARDIANSHIP = Record(Guardianship, owner="member:{child_id}", entry="G#{guardian_id}")


class GuardianshipRepository:
    """Who is whose guardian."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def find(self, child_id: str, guardian_id: str) -> Guardianship | None:
        """A guardianship; one read."""
        item = self.dynamodb.get(self.table, GUARDIANSHIP.key(child_id=child_id, guardian_id=guardian_id))
        return GUARDIANSHIP.read(item) if item else None

    def wards_of(self, guardian_id: str) -> list[tuple[str, datetime]]:
        """The guardian's wards, at most WARDS_MAX, and since when."""
        items, _ = self.dynamodb.entries(
            self.table, ("owner", f"member:{guardian_id}"), "W#", limit=WARDS_MAX, after=None
        )
        return [(item["entry"][2:], clock.from_text(item["since"])) for item in items]

    def add(self, session: Session, made: Guardianship) -> None:
        """Write a new guardianship, on both sides."""
        session.put(self.table, GUARDIANSHIP.item(made), unless="entry", error=OptimisticLockFailed())
        ward = {**_ward_key(made.guardian_id, made.child_id), "since": clock.to_text(made.since)}
        session.put(self.table, ward, unless="entry", error=OptimisticLockFailed())

    def count(self, session: Session, guardian_id: str, birth_year: int | None, wards: int) -> None:
        """Count a guardian's wards: of one more, the guardian must still be born in ``birth_year``, as it was read. Raises
        TooManyWards, OptimisticLockFailed, MemberNotFound."""
        values: dict[str, int] = {":n": wards}
        condition = "attribute_exists(entry)"
        if birth_year is not None:
            values |= {":max": WARDS_MAX, ":year": birth_year}
            condition += " AND birth_year = :year AND (attribute_not_exists(wards) OR wards < :max)"
        session.update(
            self.table,
            member_key(guardian_id),
            "ADD wards :n",
            values,
            condition=condition,
            error=RoomForWards(wards=WARDS_MAX, guardians=GUARDIANS_MAX),
        )

    def remove(self, session: Session, ended: Guardianship) -> None:
        """Delete a guardianship, on both sides."""
        key = GUARDIANSHIP.key(child_id=ended.child_id, guardian_id=ended.guardian_id)
        for each in (key, _ward_key(ended.guardian_id, ended.child_id)):
            session.delete(
                self.table, each, condition="attribute_exists(entry)", error=OptimisticLockFailed()
            )


def _ward_key(guardian_id: str, child_id: str) -> dict[str, str]:
    return {"owner": f"member:{guardian_id}", "entry": f"W#{child_id}"}
