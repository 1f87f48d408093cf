"""Endpoints and messages in the partners' table.

| item     | owner (hash)         | entry (range)   | holds |
|----------|----------------------|-----------------|-------|
| endpoint | webhook:<partner id> | endpoint        | where, our keys (the private ones sealed), how it fares |
| message  | webhook:<partner id> | M#<message id>  | what is told, how often it was tried; ends (TTL); while it is pending send_shard, next_at |

Message ids are ULIDs, so that a span of time is a range. The sparse index ``webhooks_by_next_attempt`` holds what is pending.
"""

import os
import zlib
from contextlib import suppress
from datetime import datetime

from puhui.kernel import clock, ids
from puhui.partners.webhooks.model import KEPT, PENDING, Endpoint, Event
from puhui.store.client import ConditionFailed, DynamoDB
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item
from puhui.store.versions import put_next

SEND_SHARDS = 4
PAGE = 200


def _extra(event: Event) -> Item:
    ends = {"ends": int((event.at + KEPT).timestamp())}
    if event.status != PENDING:
        return ends
    return ends | {"send_shard": f"{zlib.crc32(event.id.encode()) % SEND_SHARDS:02}"}


ENDPOINT = Record(
    Endpoint, owner="webhook:{partner_id}", entry="endpoint", names={"version": "v"}, always=("version",)
)
EVENT = Record(
    Event,
    owner="webhook:{partner_id}",
    entry="M#{id}",
    names={"next_at": "next_attempt_at"},
    always=("status", "attempts", "replays"),
    extra=_extra,
)


class Webhooks:
    """Webhooks of data partners in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Webhooks":
        """The table that PARTNERS_TABLE names."""
        return cls(DynamoDB(), os.environ["PARTNERS_TABLE"])

    def endpoint(self, partner_id: str) -> Endpoint | None:
        """Where a partner is told things."""
        item = self.dynamodb.get(self.table, ENDPOINT.key(partner_id=partner_id))
        return ENDPOINT.read(item) if item else None

    def put_endpoint(self, session: Session, endpoint: Endpoint) -> None:
        """Write an endpoint over the version that was read."""
        put_next(session, self.table, ENDPOINT, endpoint)

    def add(self, session: Session, event: Event) -> None:
        """Tell it: with what happened, in one transaction."""
        session.put(self.table, EVENT.item(event))

    def add_once(self, event: Event) -> None:
        """Tell what a stream says; saying it again changes nothing."""
        item = EVENT.item(event)
        key = {name: item.pop(name) for name in ("owner", "entry")}
        with suppress(ConditionFailed):
            self.dynamodb.update(
                self.table,
                key,
                "SET " + ", ".join(f"#{name} = :{name}" for name in item),
                {f":{name}": value for name, value in item.items()},
                names={f"#{name}": name for name in item},
                condition="attribute_not_exists(entry)",
            )

    def event(self, partner_id: str, event_id: str) -> Event | None:
        """One message."""
        item = self.dynamodb.get(self.table, EVENT.key(partner_id=partner_id, id=event_id))
        return EVENT.read(item) if item else None

    def replace(self, before: Event, event: Event) -> bool:
        """Write a message over the one that was read; False when somebody else was faster."""
        session = Session(self.dynamodb)
        session.put(
            self.table,
            EVENT.item(event),
            condition="#status = :status AND attempts = :attempts AND replays = :replays",
            names={"#status": "status"},
            values={":status": before.status, ":attempts": before.attempts, ":replays": before.replays},
        )
        try:
            session.commit()
        except ConditionFailed:
            return False
        return True

    def due(self, shard: int, now: datetime, start: Item | None) -> tuple[list[tuple[str, str]], Item | None]:
        """A page of (partner id, message id) whose attempt has come, earliest first."""
        items, last = self.dynamodb.query(
            self.table,
            "send_shard = :s AND next_attempt_at <= :now",
            {":s": f"{shard:02}", ":now": clock.to_text(now)},
            index="webhooks_by_next_attempt",
            limit=PAGE,
            start=start,
        )
        return [(item["owner"].partition(":")[2], item["entry"][2:]) for item in items], last

    def between(self, partner_id: str, first: datetime, last: datetime) -> list[Event]:
        """A page of the messages of a span of time, in their order."""
        items, _ = self.dynamodb.query(
            self.table,
            "#owner = :o AND entry BETWEEN :first AND :last",
            {
                ":o": f"webhook:{partner_id}",
                ":first": f"M#{_first_id(first)}",
                ":last": f"M#{_first_id(last)}",
            },
            names={"#owner": "owner"},
            limit=PAGE,
        )
        return [EVENT.read(item) for item in items]


def _first_id(at: datetime) -> str:
    """What the ids of its millisecond begin with: no id comes before it."""
    return ids.new_id(at)[:10]
