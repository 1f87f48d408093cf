"""Friendships in the members' table (keys: ``repository.py``)."""

from datetime import datetime

from puhui.kernel import clock
from puhui.members.errors import MemberNotFound, RoomForFriends
from puhui.members.minors import CHILD_YEARS
from puhui.store.client import DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.session import Session

FRIENDS_MAX = 500


class FriendshipRepository:
    """Who is whose friend, and who removed whom."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def exists(self, member_id: str, other_id: str) -> bool:
        """Whether the two are friends; one read."""
        return self.dynamodb.get(self.table, _friend_key(member_id, other_id)) is not None

    def find(self, member_id: str, other_id: str) -> tuple[datetime | None, datetime | None]:
        """Since when the two are friends, and when the other removed the member last; one read."""
        friend, removed = self.dynamodb.get_all(
            [
                Key(self.table, _friend_key(member_id, other_id)),
                Key(self.table, _removed_key(other_id, member_id)),
            ]
        )
        since = clock.from_text(friend["since"]) if friend else None
        return since, clock.from_text(removed["at"]) if removed else None

    def page(
        self, member_id: str, limit: int, start: str | None
    ) -> tuple[list[tuple[str, datetime]], str | None]:
        """A page of (friend's id, since), by id; and the last one's id when there are more."""
        owner = ("owner", f"member:{member_id}")
        items, last = self.dynamodb.entries(self.table, owner, "F#", limit=limit, after=start)
        return [(item["entry"][2:], clock.from_text(item["since"])) for item in items], last

    def add(self, session: Session, one: str, other: str, now: datetime) -> None:
        """Make two members friends who are not. Raises TooManyFriends, NotForMinors, MemberNotFound."""
        born = clock.programme_day(now).year - CHILD_YEARS  # from this year on they are children
        for mine, theirs in ((one, other), (other, one)):
            item = {**_friend_key(mine, theirs), "since": clock.to_text(now)}
            session.put(self.table, item, unless="entry", error=OptimisticLockFailed())
        for mine in (one, other):
            session.update(
                self.table,
                member_key(mine),
                "ADD friends :one",
                {":one": 1, ":max": FRIENDS_MAX, ":child": born},
                condition="attribute_exists(entry) AND (attribute_not_exists(friends) OR friends < :max)"
                " AND (attribute_not_exists(birth_year) OR birth_year < :child)",
                error=RoomForFriends(limit=FRIENDS_MAX, born=born),
            )

    def remove(self, session: Session, member_id: str, other_id: str, now: datetime, ends: datetime) -> None:
        """End a friendship; the member's earlier codes no longer work for the other."""
        for mine, theirs in ((member_id, other_id), (other_id, member_id)):
            key = _friend_key(mine, theirs)
            session.delete(self.table, key, condition="attribute_exists(entry)", error=OptimisticLockFailed())
        for mine in (member_id, other_id):
            session.update(
                self.table,
                member_key(mine),
                "ADD friends :less",
                {":less": -1},
                condition="attribute_exists(entry)",
                error=MemberNotFound(),
            )
        removed = {**_removed_key(member_id, other_id), "at": clock.to_text(now)}
        session.put(self.table, {**removed, "ends": int(ends.timestamp())})


def member_key(member_id: str) -> dict[str, str]:
    """The key of a member."""
    return {"owner": f"member:{member_id}", "entry": "member"}


def _friend_key(member_id: str, friend_id: str) -> dict[str, str]:
    return {"owner": f"member:{member_id}", "entry": f"F#{friend_id}"}


def _removed_key(member_id: str, removed_id: str) -> dict[str, str]:
    return {"owner": f"member:{member_id}", "entry": f"X#{removed_id}"}
