"""What friends collected, in the activities' table.

| item      | owner (hash) | entry (range)              | holds |
|-----------|--------------|----------------------------|-------|
| share     | member:<id>  | T#<activity id>            | what this member collected of a friend's act |
| share day | member:<id>  | S#<programme>#<yyyy-mm-dd> | mg collected of friends' acts on that day; v |
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from puhui.activities.claims.model import Share, ShareDay
from puhui.store.client import DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.versions import put_next

SHARE = Record(
    Share,
    owner="member:{friend_id}",
    entry="T#{activity_id}",
    names={"owner_id": "of", "programme_id": "programme", "transfer_id": "transfer"},
)
SHARE_DAY = Record(
    ShareDay,
    owner="member:{member_id}",
    entry="S#{programme_id}#{day}",
    names={"version": "v"},
    always=("mg", "version"),
)


class Shares:
    """What members collected of friends' acts."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def key(self, friend_id: str, activity_id: str) -> Key:
        """The key of what a friend collected of an act."""
        return Key(self.table, SHARE.key(friend_id=friend_id, activity_id=activity_id))

    def day_key(self, member_id: str, programme_id: str, day: date) -> Key:
        """The key of how much a member collected of friends' acts on one day."""
        return Key(self.table, SHARE_DAY.key(member_id=member_id, programme_id=programme_id, day=day))

    def read_day(
        self, member_id: str, programme_id: str, day: date, item: Mapping[str, Any] | None
    ) -> ShareDay:
        """The day of an item; an empty one when there is none."""
        return SHARE_DAY.read(item) if item else ShareDay(member_id, programme_id, day)

    def add(self, session: Session, share: Share, before: ShareDay) -> None:
        """Write what a friend collected, once an act, and count it into the day, which is still the version that was read."""
        session.put(self.table, SHARE.item(share), unless="entry", error=OptimisticLockFailed())
        put_next(session, self.table, SHARE_DAY, replace(before, mg=before.mg + share.mg))
