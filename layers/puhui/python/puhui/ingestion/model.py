"""Records that partners send, what becomes of each, and the two forms of a batch. Pure."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from puhui.ingestion.errors import EventSourceWrong
from puhui.kernel import clock
from puhui.kernel.documents import Document

CREDITED, PENDING, DUPLICATE, REFUSED, UNBOUND = "credited", "pending", "duplicate", "refused", "unbound"
STATUSES = (CREDITED, PENDING, DUPLICATE, REFUSED, UNBOUND)
# Reason codes of our own; all others are those of acts (activities/errors.py).
MAY_NOT_SEND, MEMBER_UNKNOWN, BINDING_ENDED = "PARTNER_MAY_NOT_SEND", "MEMBER_REF_UNKNOWN", "BINDING_ENDED"
RECORD_CHANGED = "RECORD_CHANGED"
AWAITED, NEVER_BOUND = "BINDING_AWAITED", "NEVER_BOUND"
KEPT = timedelta(days=37)  # a waiting record and what became of it: seven days of waiting, thirty to ask


@dataclass(frozen=True)
class Record:
    """One act, as a partner tells it. ``item_no`` is the partner's own name of it, for ever; ``member_ref`` its alias of the member."""

    item_no: str
    member_ref: str
    programme_id: str
    behaviour: str
    quantity: Document
    occurred_at: datetime
    ended_at: datetime | None = None

    @property
    def content_hash(self) -> str:
        """What makes two records of one name the same."""
        ended = self.ended_at.timestamp() if self.ended_at else None
        said = [
            self.member_ref,
            self.programme_id,
            self.behaviour,
            self.quantity,
            self.occurred_at.timestamp(),
            ended,
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class Result:
    """What became of one record. ``code``: why, of one that was refused or waits."""

    item_no: str
    status: str
    activity_id: str = ""
    code: str = ""

    def body(self) -> dict[str, Any]:
        """The contract's ``IngestedItem``."""
        more = {"activity_id": self.activity_id, "code": self.code}
        return {"item_no": self.item_no, "status": self.status} | {k: v for k, v in more.items() if v}


@dataclass(frozen=True)
class Waiting:
    """A record whose account is bound to nobody. ``source``: the batch or file that brought it first; ``outcome``: what became of it
    when the account was bound."""

    member_ref: str
    key: str
    partner_id: str
    source: str
    record: Record
    received_at: datetime
    waits_until: datetime
    outcome: Result | None = None
    version: int = 0

    def result(self, now: datetime) -> Result:
        """What became of it by now."""
        if self.outcome:
            return self.outcome
        code = AWAITED if now < self.waits_until else NEVER_BOUND
        return Result(self.record.item_no, UNBOUND, code=code)


@dataclass(frozen=True)
class Batch:
    """What a partner sent under one id. ``digest``: of its content; ``answer``: what was answered, None until all of it was taken;
    ``waits_for``: the aliases of the records that were to wait, by number."""

    partner_id: str
    batch_id: str
    digest: str
    started_at: datetime
    sandbox: bool = False
    answer: tuple[Result, ...] | None = None
    waits_for: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Its name among everything that partners send."""
        return f"batch:{self.batch_id}"


def record_key(partner_id: str, item_no: str) -> str:
    """The name of a partner's record among those of all."""
    return hashlib.sha256(f"{len(partner_id)}:{partner_id}{item_no}".encode()).hexdigest()


def records_of(items: Sequence[Mapping[str, Any]]) -> list[Record]:
    """The records of the contract's ``IngestActivities``."""
    return [
        Record(
            item["item_no"],
            item["member_ref"],
            item["programme_id"],
            item["behaviour"],
            item["quantity"],
            clock.from_text(item["occurred_at"]),
            clock.from_text(item["ended_at"]) if "ended_at" in item else None,
        )
        for item in items
    ]


def records_of_events(partner_id: str, events: Sequence[Mapping[str, Any]]) -> list[Record]:
    """The records of a batch of CloudEvents: ``id`` is the item's number, ``subject`` the member's alias, ``time`` when it began.
    Raises EventSourceWrong for events that say they come from elsewhere."""
    source = f"/data-partners/{partner_id}"
    if any(event["source"] != source for event in events):
        raise EventSourceWrong(source=source)
    items = [
        {
            "item_no": event["id"],
            "member_ref": event["subject"],
            "occurred_at": event["time"],
            **event["data"],
        }
        for event in events
    ]
    return records_of(items)


def digest(records: Sequence[Record]) -> str:
    """Of what a batch says, whatever its form."""
    said = "\n".join(f"{record_key('', each.item_no)} {each.content_hash}" for each in records)
    return hashlib.sha256(said.encode()).hexdigest()


def totals(results: Sequence[Result]) -> dict[str, int]:
    """How many ended how; ``sent`` is their sum."""
    counted = Counter(each.status for each in results)
    return {"sent": len(results)} | {status: counted[status] for status in STATUSES}
