"""What the ingestion's table holds.

| item    | owner (hash)                      | entry (range) | record |
|---------|-----------------------------------|---------------|--------|
| batch   | batch:<partner id>#<batch id>     | batch         | BATCH; ends (TTL) |
| waiting | waiting:<member_ref>              | R#<record>    | WAITING; ends (TTL) |
| tried   | tried:<partner id>#<record>       | tried         | content, source: a sandbox record; ends (TTL) |
"""

import os
from datetime import datetime, timedelta

from puhui.ingestion.errors import BatchIdReused
from puhui.ingestion.model import KEPT, Batch, Waiting
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.records import Record as Stored
from puhui.store.session import Session
from puhui.store.versions import put_next

BATCH_KEPT = timedelta(days=400)
TRIED_KEPT = timedelta(days=7)
BATCH = Stored(
    Batch,
    owner="batch:{partner_id}#{batch_id}",
    entry="batch",
    extra=lambda batch: {"ends": _seconds(batch.started_at + BATCH_KEPT)},
)
WAITING = Stored(
    Waiting,
    owner="waiting:{member_ref}",
    entry="R#{key}",
    names={"version": "v"},
    always=("version",),
    extra=lambda waiting: {"ends": _seconds(waiting.received_at + KEPT)},
)


class Ingestion:
    """Batches and waiting records in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Ingestion":
        """The table that INGESTION_TABLE names."""
        return cls(DynamoDB(), os.environ["INGESTION_TABLE"])

    def batch(self, partner_id: str, batch_id: str) -> Batch | None:
        """A batch."""
        item = self.dynamodb.get(self.table, BATCH.key(partner_id=partner_id, batch_id=batch_id))
        return BATCH.read(item) if item else None

    def start(self, batch: Batch) -> Batch:
        """The batch as it was begun first. Raises BatchIdReused for other content under its id."""
        key = {name: BATCH.item(batch)[name] for name in ("owner", "entry")}
        rest = {name: value for name, value in BATCH.item(batch).items() if name not in key}
        try:
            self.dynamodb.update(
                self.table,
                key,
                "SET " + ", ".join(f"#{name} = :{name}" for name in rest),
                {f":{name}": value for name, value in rest.items()},
                names={f"#{name}": name for name in rest},
                condition="attribute_not_exists(entry)",
            )
        except ConditionFailed:
            first = self.batch(batch.partner_id, batch.batch_id)
            if first is None or first.digest != batch.digest:
                raise BatchIdReused from None
            return first
        return batch

    def finish(self, batch: Batch) -> Batch:
        """The batch with the answer that was stored first."""
        item = BATCH.item(batch)
        after = self.dynamodb.update(
            self.table,
            {"owner": item["owner"], "entry": item["entry"]},
            "SET waits_for = if_not_exists(waits_for, :waits_for), answer = if_not_exists(answer, :answer)",
            {":answer": item["answer"], ":waits_for": item.get("waits_for", {})},
        )
        return BATCH.read(after)

    def waiting(self, member_ref: str, record_key: str) -> Waiting | None:
        """One waiting record."""
        return self.all_waiting([(member_ref, record_key)])[0]

    def all_waiting(self, names: list[tuple[str, str]]) -> list[Waiting | None]:
        """Several waiting records, in that order."""
        found: list[Waiting | None] = []
        for first in range(0, len(names), 100):
            keys = [
                Key(self.table, WAITING.key(member_ref=ref, key=key))
                for ref, key in names[first : first + 100]
            ]
            found += [WAITING.read(item) if item else None for item in self.dynamodb.get_all(keys)]
        return found

    def put_waiting(self, session: Session, waiting: Waiting) -> None:
        """Write a waiting record over the version that was read."""
        put_next(session, self.table, WAITING, waiting)

    def waiting_of(self, member_ref: str) -> list[Waiting]:
        """A page of the records that wait for an account."""
        items, _ = self.dynamodb.query(
            self.table,
            "#owner = :o AND begins_with(entry, :r)",
            {":o": f"waiting:{member_ref}", ":r": "R#"},
            names={"#owner": "owner"},
        )
        return [WAITING.read(item) for item in items]

    def tried(
        self, partner_id: str, record_key: str, content: str, source: str, now: datetime
    ) -> tuple[str, str]:
        """Content and source of the sandbox record that came first under this name."""
        after = self.dynamodb.update(
            self.table,
            {"owner": f"tried:{partner_id}#{record_key}", "entry": "tried"},
            "SET content = if_not_exists(content, :content), #source = if_not_exists(#source, :source), "
            "ends = if_not_exists(ends, :ends)",
            {":content": content, ":source": source, ":ends": _seconds(now + TRIED_KEPT)},
            names={"#source": "source"},
        )
        return after["content"], after["source"]


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
