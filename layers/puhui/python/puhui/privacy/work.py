"""What the schedule looks after: exports and erasures that are not over, found by when to check them next.

The sparse index ``work_by_next_check`` has one hash: exports and erasures are asked for a few times in a member's life, far below the
thousand writes a second that it bears.
"""

from collections.abc import Iterator
from datetime import datetime

from puhui.kernel import clock
from puhui.store.client import DynamoDB
from puhui.store.values import Item

INDEX, OPEN = "work_by_next_check", "open"


def next_check(at: datetime | None) -> Item:
    """The index's hash, beside ``next_check_at``; nothing for what is over."""
    return {"work": OPEN} if at else {}


def due(dynamodb: DynamoDB, table: str, now: datetime) -> Iterator[tuple[str, str]]:
    """Every (member id, entry) whose next check has come."""
    start: Item | None = None
    while True:
        items, start = dynamodb.query(
            table,
            "#work = :open AND next_check_at <= :now",
            {":open": OPEN, ":now": clock.to_text(now)},
            names={"#work": "work"},
            index=INDEX,
            start=start,
        )
        yield from ((item["owner"].partition(":")[2], item["entry"]) for item in items)
        if start is None:
            return
