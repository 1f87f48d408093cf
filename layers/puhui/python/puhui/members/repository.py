"""The members' table: members and their consents. ``sign_ins.py``, ``friendships.py`` and ``guardianships.py`` have the rest.

| item     | owner (hash)     | entry (range)        | record |
|----------|------------------|----------------------|-------|
| member   | member:<id>      | member               | MEMBER; key_at, key_rotations; friends: how many |
| consent  | member:<id>      | C#<purpose>#<id>     | CONSENT: every answer; a guardian's as purpose ``guardian``; ends (TTL) |
| family   | family:<id>      | family               | sign_ins.FAMILY; ends (TTL) |
| friend   | member:<id>      | F#<friend's id>      | since |
| removed  | member:<id>      | X#<member id>        | at: earlier codes no longer work for that member; ends (TTL) |
| guardian | member:<child>   | G#<guardian's id>    | guardianships.GUARDIANSHIP |
| ward     | member:<id>      | W#<child's id>       | since |
| minors   | minors           | B#<birth year>#<n>   | declared, guarded: how many |
| minors   | minors:<year>    | S#<n>                | what was done in the year: guardians, consents, exports, erasures |
| identity | wechat:<hmac>    | identity             | member_id |
"""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from puhui.kernel import clock, ids
from puhui.members.errors import MemberNotFound
from puhui.members.friendships import FriendshipRepository, member_key
from puhui.members.guardianships import GuardianshipRepository
from puhui.members.minor_counters import MinorCounters
from puhui.members.model import Consent, Member
from puhui.members.sign_ins import SignInRepository
from puhui.store import secrets
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.sealing import Sealer
from puhui.store.session import Session

CONSENTS_KEPT = timedelta(days=3 * 365 + 1)  # after what was agreed to has ended
ENDED_AT_ONCE = 20  # answers of one purpose that a withdrawal ends; renewals in a row are few

MEMBER = Record(Member, owner="member:{id}", entry="member", always=("consents", "org"))
CONSENT = Record(Consent)


class Members:
    """Members and their consents. Functions build it once, use cases get it."""

    def __init__(self, dynamodb: DynamoDB, table: str, sealer: Sealer | None = None) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self._given = sealer

    @classmethod
    def from_environment(cls) -> "Members":
        """The table that MEMBERS_TABLE names; the sealing keys are read from DATA_SECRET when first needed."""
        return cls(DynamoDB(), os.environ["MEMBERS_TABLE"])

    @cached_property
    def sealer(self) -> Sealer:
        """What seals openids and session keys."""
        return self._given or Sealer.from_secret(secrets.read(os.environ["DATA_SECRET"]))

    @cached_property
    def sign_ins(self) -> SignInRepository:
        """Refresh tokens."""
        return SignInRepository(self.dynamodb, self.table)

    @cached_property
    def friendships(self) -> FriendshipRepository:
        """Friends."""
        return FriendshipRepository(self.dynamodb, self.table)

    @cached_property
    def guardianships(self) -> GuardianshipRepository:
        """Guardians and wards."""
        return GuardianshipRepository(self.dynamodb, self.table)

    @cached_property
    def minors(self) -> MinorCounters:
        """What the yearly report of minors' data counts."""
        return MinorCounters(self.dynamodb, self.table)

    def find(self, member_id: str) -> Member:
        """A member. Raises MemberNotFound."""
        item = self.dynamodb.get(self.table, member_key(member_id))
        if item is None:
            raise MemberNotFound
        return MEMBER.read(item)

    def find_all(self, member_ids: list[str]) -> list[Member | None]:
        """Up to 100 members, in that order; one read."""
        if not member_ids:
            return []
        items = self.dynamodb.get_all([Key(self.table, member_key(each)) for each in member_ids])
        return [MEMBER.read(item) if item else None for item in items]

    def member_from(self, item: Mapping[str, Any]) -> Member:
        """The member of an item."""
        return MEMBER.read(item)

    def id_of(self, openid: str) -> str | None:
        """Who has this WeChat identity."""
        item = self.dynamodb.get(self.table, self._identity_key(openid))
        return str(item["member_id"]) if item else None

    def free_identity(self, openid: str, member_id: str) -> None:
        """Let a WeChat identity be nobody's, if it is this member's: whoever signs in with it next is somebody new."""
        session = Session(self.dynamodb)
        session.delete(
            self.table,
            self._identity_key(openid),
            condition="attribute_not_exists(entry) OR member_id = :m",
            values={":m": member_id},
        )
        try:
            session.commit()
        except ConditionFailed:
            return

    def add(self, session: Session, member: Member, openid: str) -> None:
        """A new member with a WeChat identity that nobody has."""
        session.put(
            self.table,
            {**self._identity_key(openid), "member_id": member.id},
            unless="entry",
            error=OptimisticLockFailed(),
        )
        session.put(self.table, MEMBER.item(member), unless="entry", error=OptimisticLockFailed())

    def new_session_key(self, member_id: str, session_key: str, now: datetime) -> Member:
        """Store the session key of a sign-in; the member. Raises MemberNotFound for one whose account was closed this moment."""
        return self._change(
            member_id,
            "SET sealed_session_key = :k, key_at = :at ADD key_rotations :one",
            {
                ":k": self.sealer.seal(session_key, member_id, "session_key"),
                ":at": clock.to_text(now),
                ":one": 1,
            },
            condition="attribute_exists(entry) AND attribute_not_exists(closed)",
        )

    def set_nickname(self, member_id: str, nickname: str) -> Member:
        """Change the nickname."""
        return self._change(member_id, "SET nickname = :n", {":n": nickname})

    def set_roles(self, member_id: str, roles: tuple[str, ...], org: str) -> Member:
        """Change the roles; tokens issued before keep theirs for at most half an hour."""
        return self._change(
            member_id, "SET #r = :r, org = :o", {":r": list(roles), ":o": org}, {"#r": "roles"}
        )

    def add_consent(self, session: Session, member_id: str, consent: Consent, now: datetime) -> None:
        """Record an answer: as the present one and in the member's history."""
        session.update(
            self.table,
            member_key(member_id),
            "SET consents.#p = :c",
            {":c": CONSENT.item(consent)},
            names={"#p": consent.purpose},
            condition="attribute_exists(consents)",
            error=MemberNotFound(),
        )
        self.add_history(session, member_id, consent, now)

    def add_history(self, session: Session, member_id: str, consent: Consent, now: datetime) -> None:
        """Keep an answer in the member's history. A withdrawal ends what was agreed to before: both are kept for CONSENTS_KEPT."""
        owner, prefix = f"member:{member_id}", f"C#{consent.purpose}#"
        item = {"owner": owner, "entry": prefix + ids.new_id(now), **CONSENT.item(consent)}
        if consent.granted:
            session.put(self.table, item)
            return
        ends = int((now + CONSENTS_KEPT).timestamp())
        session.put(self.table, item | {"ends": ends})
        earlier, _ = self.dynamodb.entries(
            self.table, ("owner", owner), prefix, limit=ENDED_AT_ONCE, after=None, forward=False
        )
        for each in earlier:
            if "ends" not in each:
                key = {"owner": owner, "entry": each["entry"]}
                session.update(self.table, key, "SET ends = :ends", {":ends": ends})

    def nicknames(self, member_ids: list[str]) -> dict[str, str]:
        """The nicknames of up to 100 members, by id; one read."""
        if not member_ids:
            return {}
        items = self.dynamodb.get_all([Key(self.table, member_key(each)) for each in member_ids])
        return {item["owner"].partition(":")[2]: _name_for_others(item) for item in items if item}

    def _change(
        self,
        member_id: str,
        expression: str,
        values: dict[str, Any],
        names: Mapping[str, str] | None = None,
        condition: str = "attribute_exists(entry)",
    ) -> Member:
        try:
            item = self.dynamodb.update(
                self.table,
                member_key(member_id),
                expression,
                values,
                names=names,
                condition=condition,
            )
        except ConditionFailed:
            raise MemberNotFound from None
        return MEMBER.read(item)

    def _identity_key(self, openid: str) -> dict[str, str]:
        return {"owner": f"wechat:{self.sealer.name_of(openid)}", "entry": "identity"}


def _name_for_others(item: Mapping[str, Any]) -> str:
    """The nickname, unless its member withdrew that it is shown."""
    return str(item["nickname"]) if item["consents"].get("profile", {}).get("granted", True) else ""
