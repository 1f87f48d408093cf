"""What all repositories of the rewards' table share."""

from collections.abc import Mapping
from typing import Any

from puhui.ledger.api import member
from puhui.store.client import DynamoDB, Key

MEMBER = "member:{member_id}"  # the owner of a member's items


class Repository:
    """One aggregate in the rewards' table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def key(self, owner: str, entry: str) -> Key:
        """A key of this table."""
        return Key(self.table, {"owner": owner, "entry": entry})

    def own_key(self, member_id: str, entry: str) -> Key:
        """A key among a member's items."""
        return self.key(member(member_id), entry)


def locked(version: int) -> dict[str, Any]:
    """The optimistic lock: the condition that the item still has the version that was read."""
    return {"condition": "version = :read", "values": {":read": version}}


def member_of(item: Mapping[str, Any]) -> str:
    """Whose item this is."""
    return str(item["owner"]).partition(":")[2]
