"""Who takes part in which programme. Whoever never said so joins with the first act; who left is refused until joining again. The
version of the terms that was in force is kept with each membership, and whether its member said so: what needs a member's word
(``pooling``) never follows from a first act.

| item       | owner (hash) | entry (range) | holds |
|------------|--------------|---------------|-------|
| membership | member:<id>  | M#<programme> | joined, left, terms, accepted |
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.activities.errors import NotAMember
from puhui.kernel import clock
from puhui.programmes import api as programmes
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.records import Record

JOINED, SIGNED_IN, ACTED = "joined", "signed_in", "acted"  # how terms were accepted


@dataclass(frozen=True)
class Membership:
    """That a member takes part in a programme, or did until ``left_at``. ``terms``: the version of its terms that was accepted,
    and ``accepted`` how: by joining, by signing in to it, or by a first act."""

    programme_id: str
    joined_at: datetime
    left_at: datetime | None = None
    terms: str = ""
    accepted: str = ""
    member_id: str = ""

    def body(self) -> dict[str, Any]:
        """The membership of the contract."""
        body: dict[str, Any] = {"programme_id": self.programme_id, "joined_at": clock.to_text(self.joined_at)}
        if self.terms:
            body["terms"] = {"version": self.terms, "accepted": self.accepted}
        return body | ({"left_at": clock.to_text(self.left_at)} if self.left_at else {})


MEMBERSHIP = Record(
    Membership,
    owner="member:{member_id}",
    entry="M#{programme_id}",
    names={"joined_at": "joined", "left_at": "left"},
)


class Memberships:
    """Memberships in the activities' table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Memberships":
        """The table that ACTIVITIES_TABLE names."""
        return cls(DynamoDB(), os.environ["ACTIVITIES_TABLE"])

    def key(self, member_id: str, programme_id: str) -> Key:
        """The key of a membership."""
        return Key(self.table, MEMBERSHIP.key(member_id=member_id, programme_id=programme_id))

    def of(self, member_id: str) -> list[Membership]:
        """The programmes that a member joined, those that were left among them."""
        items = self.dynamodb.all_entries(self.table, ("owner", f"member:{member_id}"), "M#")
        return [MEMBERSHIP.read(item) for item in items]

    def join(self, member_id: str, programme_id: str, terms: str, now: datetime) -> Membership:
        """Take part in a programme, from now on if not before, by these terms."""
        item = self.dynamodb.update(
            *self.key(member_id, programme_id),
            "SET joined = if_not_exists(joined, :now), terms = :terms, accepted = :how REMOVE #left",
            {":now": clock.to_text(now), ":terms": terms, ":how": JOINED},
            names={"#left": "left"},
        )
        return MEMBERSHIP.read(item)

    def join_first(self, member_id: str, programme_id: str, terms: str, how: str, now: datetime) -> None:
        """Take part in a programme, unless the member has joined or left it before; ``how`` its terms were accepted."""
        try:
            self.dynamodb.update(
                *self.key(member_id, programme_id),
                "SET joined = :now, terms = :terms, accepted = :how",
                {":now": clock.to_text(now), ":terms": terms, ":how": how},
                condition="attribute_not_exists(entry)",
            )
        except ConditionFailed:
            return

    def leave(self, member_id: str, programme_id: str, now: datetime) -> None:
        """Take no part in a programme any more."""
        self.dynamodb.update(
            *self.key(member_id, programme_id),
            "SET joined = if_not_exists(joined, :now), #left = if_not_exists(#left, :now)",
            {":now": clock.to_text(now)},
            names={"#left": "left"},
        )


def join(
    member_id: str,
    programme_id: str,
    *,
    read_terms: str | None = None,
    memberships: Memberships,
    now: datetime,
) -> Membership:
    """Join a programme, or come back to it; who is in already accepts the terms as they are now. ``read_terms``: the version that
    was read. Raises ProgrammeNotFound, ProgrammeClosed, TermsChanged."""
    programme = programmes.programme(programme_id)
    programme.require_open(now)
    if read_terms is not None and read_terms != programme.terms.version:
        raise programmes.TermsChanged(version=programme.terms.version)
    return memberships.join(member_id, programme_id, programme.terms.version, now)


def join_at_sign_in(member_id: str, programme_id: str, *, memberships: Memberships, now: datetime) -> None:
    """Join a programme by signing in to it: an app signs in again and again, so that this brings nobody back who
    left, and nobody into a programme that has ended. One read; one write the first time."""
    programme = programmes.programme(programme_id)
    if programme.closes_at is not None and now >= programme.closes_at:
        return
    if memberships.dynamodb.get(*memberships.key(member_id, programme_id)) is None:
        memberships.join_first(member_id, programme_id, programme.terms.version, SIGNED_IN, now)


def leave(member_id: str, programme_id: str, *, memberships: Memberships, now: datetime) -> None:
    """Leave a programme: what was recorded remains the member's. Raises ProgrammeNotFound."""
    programmes.programme(programme_id)
    memberships.leave(member_id, programme_id, now)


def require_member(item: Mapping[str, Any] | None, programme_id: str) -> bool:
    """Whether this is the member's first act here, by the membership's item. Raises NotAMember for one who left."""
    if item is not None and MEMBERSHIP.read(item).left_at is not None:
        raise NotAMember(programme_id=programme_id)
    return item is None
