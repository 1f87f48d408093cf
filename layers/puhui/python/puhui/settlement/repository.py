"""What the repositories of this context have in common: one table, records, pages.

| item       | owner (hash)    | entry (range)                         | record |
|------------|-----------------|---------------------------------------|--------|
| budget     | budget:<id>     | budget                                | budgets.repository.BUDGET; sums are added in place |
| funding    | budget:<id>     | F#<funding id>                        | budgets.repository.FUNDING |
| settlement | settlement:<id> | settlement                            | settlements.repository.SETTLEMENT |
| part       | settlement:<id> | S#<shard>                             | what one shard counted; closed once it was summed up |
| statement  | settlement:<id> | M#<merchant>                          | statements.repository.STATEMENT |
| line       | settlement:<id> | L#<merchant>#<reward>#<budget>#<fen>  | statements.repository.LINE |
| dispute    | settlement:<id> | D#<dispute id>                        | disputes.repository.DISPUTE |
| key        | key:<id>        | key                                   | body_hash of a request that makes no item |

Index ``settlements_by_programme`` (programme_id, opened): only settlements have programme_id. Index ``statements_by_merchant``
(merchant_id, opened): only statements have both. ``opened`` is a ULID of the moment at which the settlement was opened.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from puhui.store.client import DynamoDB, Key
from puhui.store.conditions import SameRequest
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

T = TypeVar("T")
READS_MAX = 100  # items of a BatchGetItem
Position = dict[str, str]  # where the next page begins: {id, opened}


class Repository:
    """Reads and writes records of one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def _key(self, record: Record[T], **values: Any) -> Key:
        return Key(self.table, record.key(**values))

    def _get(self, record: Record[T], **values: Any) -> T | None:
        item = self.dynamodb.get(*self._key(record, **values))
        return record.read(item) if item else None

    def _get_all(self, keys: Iterable[Key]) -> list[Item]:
        wanted, found = list(keys), list[Item]()
        for first in range(0, len(wanted), READS_MAX):
            found += [item for item in self.dynamodb.get_all(wanted[first : first + READS_MAX]) if item]
        return found

    def _newest(
        self, index: str, names: str, value: str, limit: int, start: Mapping[str, str] | None, key: Key | None
    ) -> tuple[list[Item], Position | None]:
        """A page of the items whose attribute ``names`` has this value, the newest first. ``key``: of the item at ``start``."""
        begin = {**key.key, names: value, "opened": start["opened"]} if start and key else None
        items, last = self.dynamodb.query(
            self.table,
            f"{names} = :value",
            {":value": value},
            index=index,
            limit=limit,
            forward=False,
            start=begin,
        )
        following = {"id": last["owner"].partition(":")[2], "opened": last["opened"]} if last else None
        return items, following


class RequestKeys(Repository):
    """The idempotency keys of requests that make no item of their own (an approval, a payment)."""

    def body_hash(self, key_id: str) -> str | None:
        """The body's hash of the request that used this key; None when none did."""
        item = self.dynamodb.get(self.table, _key_of(key_id))
        return str(item["body_hash"]) if item else None

    def add(self, session: Session, key_id: str, body_hash: str) -> None:
        """Store a request's key. Raises AlreadyExists, IdempotencyKeyReused."""
        item = {**_key_of(key_id), "body_hash": body_hash}
        session.put(self.table, item, unless="entry", error=SameRequest(body_hash=body_hash))


def _key_of(key_id: str) -> dict[str, str]:
    return {"owner": f"key:{key_id}", "entry": "key"}


def settlement_owner(settlement_id: str) -> tuple[str, str]:
    """The hash key of all that belongs to a settlement."""
    return "owner", f"settlement:{settlement_id}"
