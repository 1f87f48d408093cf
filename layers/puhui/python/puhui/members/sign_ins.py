"""Sign-ins in the members' table (keys: ``repository.py``). All refresh tokens of one sign-in are a family."""

from dataclasses import dataclass
from datetime import datetime

from puhui.members.errors import RefreshInvalid, RefreshReused
from puhui.members.model import Member
from puhui.store.client import ConditionFailed, DynamoDB
from puhui.store.records import Record
from puhui.store.session import Session


@dataclass(frozen=True)
class Family:
    """One sign-in: the hash of its newest refresh token, and until when that works (seconds, TTL)."""

    id: str
    member_id: str
    token_hash: str
    ends: int


FAMILY = Record(Family, owner="family:{id}", entry="family")


class SignInRepository:
    """Families of refresh tokens."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def start(self, family_id: str, member: Member, token_hash: str, ends: datetime) -> None:
        """A new sign-in with its first refresh token."""
        session = Session(self.dynamodb)
        family = Family(family_id, member.id, token_hash, int(ends.timestamp()))
        session.put(self.table, FAMILY.item(family), unless="entry")
        session.commit()

    def rotate(
        self, family_id: str, old: str, new: str, now: datetime, ends: datetime, *, known: bool
    ) -> str:
        """Exchange the newest refresh token for its successor; the member's id. Of two concurrent requests one wins.

        A spent token ends the family: one that is ``known`` to be ours and is not the newest. Raises RefreshInvalid,
        RefreshReused.
        """
        try:
            item = self.dynamodb.update(
                self.table,
                FAMILY.key(id=family_id),
                "SET token_hash = :new, ends = :ends",
                {
                    ":old": old,
                    ":new": new,
                    ":now": int(now.timestamp()),
                    ":ends": int(ends.timestamp()),
                },
                condition="token_hash = :old AND ends > :now",
            )
        except ConditionFailed as failed:
            family = FAMILY.read(failed.item) if failed.item else None
            if family and family.token_hash == new:
                return family.member_id  # written, but the answer was lost and the call sent again
            if known and family and family.ends > now.timestamp():
                self.end(family_id)
                raise RefreshReused from None
            raise RefreshInvalid from None
        return FAMILY.read(item).member_id

    def end(self, family_id: str) -> None:
        """End a sign-in: its refresh tokens no longer work."""
        session = Session(self.dynamodb)
        session.delete(self.table, FAMILY.key(id=family_id))
        session.commit()
