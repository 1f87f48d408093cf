"""The merchants' table: its items, and what the repositories have in common.

| item        | owner (hash)              | entry (range)    | record |
|-------------|---------------------------|------------------|--------|
| merchant    | merchant:<id>             | merchant         | applications.repository.MERCHANT; body_hash; counters people, owners, branches |
| application | merchant:<id>             | application      | applications.repository.APPLICATION |
| decision    | merchant:<id>             | H#<decision id>  | applications.repository.DECISION; seq |
| branch      | merchant:<id>             | B#<branch id>    | staff.repository.BRANCH |
| staff       | merchant:<id>             | S#<member id>    | staff.repository.STAFF |
| gone        | merchant:<id>             | X#<member id>    | at: older invitations no longer work for that member, who never decides about the merchant again |
| membership  | member:<id>               | M#<merchant id>  | staff.repository.MEMBERSHIP: the staff item from the member's side |
| document    | member:<id>               | D#<document id>  | documents.repository.DOCUMENT; ends (TTL) until an application names it |
| waiting     | member:<id>               | waiting          | applications: how many of the member's are undecided |
| legal id    | legal:<programme>:<code>  | legal            | merchant_id: the merchant that was certified with the code |

Index ``merchants_by_programme``: hash ``programme``, range ``ranked`` (a digit for the status, #, id), keys only.
"""

from collections.abc import Mapping
from typing import Any

from puhui.store.client import DynamoDB, Key
from puhui.store.records import Record
from puhui.store.values import Item


class Repository:
    """Reads and writes records of one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def _key(self, record: Record[Any], **values: Any) -> Key:
        return Key(self.table, record.key(**values))

    def _page(self, owner: str, prefix: str, limit: int, start: str | None) -> tuple[list[Item], str | None]:
        return self.dynamodb.entries(self.table, ("owner", owner), prefix, limit=limit, after=start)


def merchant_key(merchant_id: str, table: str) -> Key:
    """The key of a merchant, to read it alone or with other contexts' items."""
    return Key(table, {"owner": f"merchant:{merchant_id}", "entry": "merchant"})


def id_of(item: Mapping[str, Any]) -> str:
    """The id in the owner of an item."""
    return str(item["owner"]).partition(":")[2]
