"""From the records of the tables' streams to events. A record that cannot become an entry ("poison") is set aside."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from puhui.journal import model, sources
from puhui.journal.model import Event
from puhui.store import aws
from puhui.store.values import Item

LEDGER, ACTIVITIES, METHODOLOGIES = "ledger", "activities", "methodologies"
_TRIAL_KEY = bytes(model.KEY_BYTES)


@dataclass(frozen=True)
class Poison:
    """A record that cannot become an entry: of which table, under which key, and why."""

    table: str
    key: dict[str, str]
    why: str


def read(records: Iterable[tuple[str, Item | None, datetime]]) -> tuple[list[Event], list[Poison]]:
    """The events in (table, new image, time of the change), and what is set aside."""
    events, poison = [], []
    for table, item, at in records:
        if item is None:
            continue
        try:
            event = _event(table, item, at)
            if event is not None:
                bytes(model.entry(event, _TRIAL_KEY, _TRIAL_KEY))  # whether it can be an entry at all
                events.append(event)
        except Exception as error:  # noqa: BLE001 whatever is wrong with one record must not hold up the others
            key: dict[str, str] = {
                name: str(item.get(name, ""))
                for name in ("account", "owner", "stream", "methodology", "entry")
                if name in item
            }
            poison.append(Poison(table, key, f"{type(error).__name__}: {str(error)[:200]}"))
    return events, poison


def _event(table: str, item: Item, at: datetime) -> Event | None:
    if table == LEDGER:
        return sources.from_ledger(item)
    if table == ACTIVITIES:
        return sources.from_activities(item, at)
    if table == METHODOLOGIES:
        return sources.from_methodologies(item)
    return sources.from_journal(item)


def park(poison: Poison, queue: str) -> None:
    """Leave it in the queue, for a person: the item itself is not touched."""
    body = json.dumps({"table": poison.table, "key": poison.key, "why": poison.why})
    aws.call("sqs", "SendMessage", {"QueueUrl": queue, "MessageBody": body})
