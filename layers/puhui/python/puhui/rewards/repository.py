"""What all repositories of the rewards' table share."""

from collections.abc import Mapping
from typing import Any

from puhui.store.client import DynamoDB

MEMBER = "member:{member_id}"  # the owner of a member's items


class Repository:
    """One aggregate in the rewards' table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table


def locked(version: int) -> dict[str, Any]:
    """The optimistic lock: the condition that the item still has the version that was read."""
    return {"condition": "version = :read", "values": {":read": version}}


def member_of(item: Mapping[str, Any]) -> str:
    """Whose item this is."""
    return str(item["owner"]).partition(":")[2]
