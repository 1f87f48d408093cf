"""The members' table: the only file that knows its keys and attributes.

| item     | owner (hash)     | entry (range)        | holds |
|----------|------------------|----------------------|-------|
| member   | member:<id>      | member               | nickname, roles, org, sealed openid and session key, consents |
| consent  | member:<id>      | C#<purpose>#<id>     | every answer ever given, for the record |
| family   | family:<id>      | family               | member, roles, org, hash of the newest refresh token, ends (TTL) |
| friend   | member:<id>      | F#<friend's id>      | since; the member's item counts them in ``friends`` |
| removed  | member:<id>      | X#<member id>        | at: codes of before work for that member no more; ends (TTL) |
| identity | wechat:<hmac>    | identity             | member_id |
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from puhui.kernel import clock, ids
from puhui.members.errors import (
    FamilyMoved,
    FriendsStand,
    IdentityTaken,
    MemberNotFound,
    RoomForFriends,
)
from puhui.members.model import Consent, Member
from puhui.store import secrets
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from puhui.store.values import Item

FRIENDS_MAX = 500


class Members:
    """Members, their sign-ins and their consents in one table."""

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

    def find(self, member_id: str) -> Member:
        """A member. Raises MemberNotFound."""
        item = self.dynamodb.get(self.table, _member_key(member_id))
        if item is None:
            raise MemberNotFound
        return member_from(item)

    def id_of(self, openid: str) -> str | None:
        """Who has this WeChat identity."""
        item = self.dynamodb.get(self.table, self._identity_key(openid))
        return str(item["member_id"]) if item else None

    def add(self, session: Session, member: Member, openid: str) -> None:
        """A new member with a WeChat identity that nobody has."""
        session.put(
            self.table,
            {**self._identity_key(openid), "member_id": member.id},
            unless="entry",
            error=IdentityTaken(),
        )
        session.put(self.table, member_item(member), unless="entry", error=IdentityTaken())

    def new_session_key(self, member_id: str, session_key: str, now: datetime) -> Member:
        """Keep the session key of a sign-in; the member as they stand."""
        item = self.dynamodb.update(
            self.table,
            _member_key(member_id),
            "SET session_key = :k, key_at = :at ADD key_rotations :one",
            {
                ":k": self.sealer.seal(session_key, member_id, "session_key"),
                ":at": clock.to_text(now),
                ":one": 1,
            },
        )
        return member_from(item)

    def set_nickname(self, member_id: str, nickname: str) -> Member:
        """Change the nickname."""
        return self._change(member_id, "SET nickname = :n", {":n": nickname})

    def set_roles(self, member_id: str, roles: tuple[str, ...], org: str) -> Member:
        """Change the roles; tokens issued before keep theirs for at most half an hour."""
        return self._change(
            member_id, "SET #r = :r, org = :o", {":r": list(roles), ":o": org}, {"#r": "roles"}
        )

    def put_consent(
        self,
        member_id: str,
        consent: Consent,
        now: datetime,
        also: Callable[[Session], None] | None = None,
    ) -> None:
        """Record an answer: as the present one and, for ever, in the member's history. ``also`` adds what rests on it."""
        text = {"granted": consent.granted, "version": consent.version, "at": clock.to_text(consent.at)}
        session = Session(self.dynamodb)
        session.update(
            self.table,
            _member_key(member_id),
            "SET consents.#p = :c",
            {":c": text},
            names={"#p": consent.purpose},
            condition="attribute_exists(consents)",
            error=MemberNotFound(),
        )
        history = {"owner": f"member:{member_id}", "entry": f"C#{consent.purpose}#{ids.new_id(now)}", **text}
        session.put(self.table, history)
        if also is not None:
            also(session)
        session.commit()

    def start_family(self, family_id: str, member: Member, token_hash: str, ends: datetime) -> None:
        """A new sign-in's refresh token."""
        session = Session(self.dynamodb)
        session.put(
            self.table,
            {
                **_family_key(family_id),
                "member_id": member.id,
                "token": token_hash,
                "ends": int(ends.timestamp()),
            },
            unless="entry",
        )
        session.commit()

    def rotate(
        self, family_id: str, old: str, new: str, now: datetime, ends: datetime, *, known: bool
    ) -> str:
        """Exchange the newest refresh token for its successor; the member's id. Of two that come at once one wins.

        A spent token ends the family: one that is ``known`` to be ours and not the newest. Raises RefreshInvalid,
        RefreshReused.
        """
        try:
            family = self.dynamodb.update(
                self.table,
                _family_key(family_id),
                "SET #t = :new, ends = :ends",
                {
                    ":old": old,
                    ":new": new,
                    ":now": int(now.timestamp()),
                    ":ends": int(ends.timestamp()),
                },
                names={"#t": "token"},
                condition="#t = :old AND ends > :now",
            )
        except ConditionFailed as failed:
            if failed.item and failed.item["token"] == new:
                return str(
                    failed.item["member_id"]
                )  # written, but the answer was lost and the call sent again
            alive = failed.item is not None and failed.item["ends"] > now.timestamp()
            spent = known and alive
            if spent:
                self.end_family(family_id)
            raise FamilyMoved().found(failed.item if spent else None) from None
        return str(family["member_id"])

    def end_family(self, family_id: str) -> None:
        """End a sign-in: its refresh tokens no longer work."""
        session = Session(self.dynamodb)
        session.delete(self.table, _family_key(family_id))
        session.commit()

    # Friends

    def are_friends(self, member_id: str, other_id: str) -> bool:
        """Whether the two are friends; one read."""
        return self.dynamodb.get(self.table, _friend_key(member_id, other_id)) is not None

    def friendship(self, member_id: str, other_id: str) -> tuple[datetime | None, datetime | None]:
        """Since when the two are friends, and when the other removed the member last; one read."""
        friend, removed = self.dynamodb.get_all(
            [
                Key(self.table, _friend_key(member_id, other_id)),
                Key(self.table, _removed_key(other_id, member_id)),
            ]
        )
        since = clock.from_text(friend["since"]) if friend else None
        return since, clock.from_text(removed["at"]) if removed else None

    def friends(
        self, member_id: str, limit: int, start: str | None
    ) -> tuple[list[tuple[str, datetime]], str | None]:
        """A page of (friend's id, since), by id; and the last one's id when there are more."""
        owner = ("owner", f"member:{member_id}")
        items, last = self.dynamodb.entries(self.table, owner, "F#", limit=limit, after=start)
        return [(item["entry"][2:], clock.from_text(item["since"])) for item in items], last

    def nicknames(self, member_ids: list[str]) -> dict[str, str]:
        """The nicknames of up to 100 members, by id; one read."""
        if not member_ids:
            return {}
        items = self.dynamodb.get_all([Key(self.table, _member_key(each)) for each in member_ids])
        return {item["owner"].partition(":")[2]: item["nickname"] for item in items if item}

    def add_friends(self, session: Session, one: str, other: str, now: datetime) -> None:
        """Make two members friends who are not, each of whom has room for one more."""
        for mine, theirs in ((one, other), (other, one)):
            item = {**_friend_key(mine, theirs), "since": clock.to_text(now)}
            session.put(self.table, item, unless="entry", error=FriendsStand())
        for mine in (one, other):
            session.update(
                self.table,
                _member_key(mine),
                "ADD friends :one",
                {":one": 1, ":max": FRIENDS_MAX},
                condition="attribute_exists(entry) AND (attribute_not_exists(friends) OR friends < :max)",
                error=RoomForFriends(limit=FRIENDS_MAX),
            )

    def remove_friends(
        self, session: Session, member_id: str, other_id: str, now: datetime, ends: datetime
    ) -> None:
        """End a friendship; the member's own codes of before work for the other no more."""
        for mine, theirs in ((member_id, other_id), (other_id, member_id)):
            key = _friend_key(mine, theirs)
            session.delete(self.table, key, condition="attribute_exists(entry)", error=FriendsStand())
        for mine in (member_id, other_id):
            session.update(
                self.table,
                _member_key(mine),
                "ADD friends :less",
                {":less": -1},
                condition="attribute_exists(entry)",
                error=MemberNotFound(),
            )
        removed = {**_removed_key(member_id, other_id), "at": clock.to_text(now)}
        session.put(self.table, {**removed, "ends": int(ends.timestamp())})

    def _change(
        self, member_id: str, expression: str, values: dict[str, Any], names: Mapping[str, str] | None = None
    ) -> Member:
        try:
            item = self.dynamodb.update(
                self.table,
                _member_key(member_id),
                expression,
                values,
                names=names,
                condition="attribute_exists(entry)",
            )
        except ConditionFailed:
            raise MemberNotFound from None
        return member_from(item)

    def _identity_key(self, openid: str) -> dict[str, str]:
        return {"owner": f"wechat:{self.sealer.name_of(openid)}", "entry": "identity"}


def _member_key(member_id: str) -> dict[str, str]:
    return {"owner": f"member:{member_id}", "entry": "member"}


def _friend_key(member_id: str, friend_id: str) -> dict[str, str]:
    return {"owner": f"member:{member_id}", "entry": f"F#{friend_id}"}


def _removed_key(member_id: str, removed_id: str) -> dict[str, str]:
    return {"owner": f"member:{member_id}", "entry": f"X#{removed_id}"}


def _family_key(family_id: str) -> dict[str, str]:
    return {"owner": f"family:{family_id}", "entry": "family"}


def member_item(member: Member) -> Item:
    """The item of a new member."""
    return {
        **_member_key(member.id),
        "nickname": member.nickname,
        "roles": list(member.roles),
        "org": member.org,
        "created": clock.to_text(member.created_at),
        "openid": member.sealed_openid,
        "session_key": member.sealed_session_key,
        "consents": {},
    }


def member_from(item: Mapping[str, Any]) -> Member:
    """The member of an item."""
    consents = {
        purpose: Consent(purpose, answer["granted"], answer["version"], clock.from_text(answer["at"]))
        for purpose, answer in item["consents"].items()
    }
    return Member(
        id=item["owner"].partition(":")[2],
        nickname=item["nickname"],
        roles=tuple(item["roles"]),
        created_at=clock.from_text(item["created"]).astimezone(UTC),
        org=item["org"],
        sealed_openid=item["openid"],
        sealed_session_key=item["session_key"],
        consents=consents,
    )
