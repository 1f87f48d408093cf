"""What is told to a data partner, where, and when it is tried again. Pure values.

| message   | who moves it on                                   | to        |
|-----------|---------------------------------------------------|-----------|
| (new)     | whatever happened, in the transaction that it is  | pending   |
| pending   | the sender                                        | delivered; pending until the next attempt; given_up after the last one, or when its endpoint is gone |
| given_up, delivered | the partner or an operator, by a replay of a span of time | pending |

| endpoint  | who moves it on                                   | to        |
|-----------|---------------------------------------------------|-----------|
| active    | the sender: 410, or five days without a success   | disabled  |
| disabled  | an operator, ``put_partner_webhook``              | active    |
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.documents import Document, canonical

ACT_CREDITED, ACT_REFUSED, ACT_REVERSED = "act.credited", "act.refused", "act.reversed"
FILE_DONE, BINDING_REMOVED = "file.done", "binding.removed"
PENDING, DELIVERED, GIVEN_UP = "pending", "delivered", "given_up"
ACTIVE, DISABLED = "active", "disabled"
GONE, FAILING = "GONE", "FAILING"  # why an endpoint was disabled
HTTP_GONE = 410

# The pauses before each attempt, as Standard Webhooks gives them: 75 h 35 min in all.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
JITTER = 0.1
RETRY_AFTER_MOST = timedelta(hours=24)
LEASE = timedelta(seconds=60)  # an attempt that has not ended by then died
FAILING_MOST = timedelta(days=5)
OVERLAP = timedelta(hours=24)  # the key before signs so long beside the newest one
KEPT = timedelta(days=30)  # so long it may be replayed
BODY_BYTES_MAX = 20_000


@dataclass(frozen=True)
class SigningKey:
    """One of our keys towards a partner. ``sealed``: the private one; ``until``: when it ends (None: the newest)."""

    id: str
    public: str
    made_at: datetime
    until: datetime | None
    sealed: bytes = field(repr=False)

    def lives(self, now: datetime) -> bool:
        """Whether it still signs."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class Endpoint:
    """Where a data partner is told things. ``failing_since``: since when no message reached it."""

    partner_id: str
    url: str
    status: str = ACTIVE
    keys: tuple[SigningKey, ...] = ()
    failing_since: datetime | None = None
    reason: str = ""
    disabled_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True)
class Event:
    """One thing to be told: ids only. ``id`` is the webhook-id, made of the moment and of what happened, so that one thing has one
    id; ``attempts`` since it was new or replayed."""

    partner_id: str
    id: str
    type: str
    at: datetime
    data: Document
    status: str = PENDING
    attempts: int = 0
    next_at: datetime | None = None
    replays: int = 0
    last_status: int = 0  # of HTTP; 0: there was no answer
    ended_at: datetime | None = None

    @property
    def body(self) -> bytes:
        """The same bytes at every attempt."""
        told = {"type": self.type, "timestamp": clock.to_text(self.at), "data": dict(self.data)}
        return canonical(told).encode()


def new_event(partner_id: str, kind: str, data: Mapping[str, str], at: datetime) -> Event:
    """What is told: one thing that happened at one moment has one id. What is empty in ``data`` is left out."""
    told = {name: value for name, value in sorted(data.items()) if value}
    name = ids.derived_id(at, partner_id, kind, *(f"{each}={value}" for each, value in told.items()))
    return pending(Event(partner_id, name, kind, at, told))


def pending(event: Event) -> Event:
    """A new event, to be sent at once."""
    if len(event.body) > BODY_BYTES_MAX:
        raise ValueError("a message is thin: ids only")
    return replace(event, status=PENDING, next_at=event.at)


def claimed(event: Event, now: datetime) -> Event:
    """The event while an attempt is under way; the next one is due should this one die."""
    return replace(event, attempts=event.attempts + 1, next_at=now + LEASE)


def after(event: Event, status: int, retry_after: str, now: datetime, chance: random.Random) -> Event:
    """The event after an attempt that was answered by this HTTP status (0: by nothing that counts)."""
    event = replace(event, last_status=status)
    if 200 <= status < 300:
        return replace(event, status=DELIVERED, next_at=None, ended_at=now)
    if status == HTTP_GONE or event.attempts >= len(PAUSES):
        return replace(event, status=GIVEN_UP, next_at=None, ended_at=now)
    pause = PAUSES[event.attempts] * (1 + chance.uniform(0, JITTER))
    return replace(event, next_at=now + max(pause, _wished(retry_after, now)))


def given_up(event: Event, now: datetime) -> Event:
    """The event when there is nowhere to send it."""
    return replace(event, status=GIVEN_UP, next_at=None, ended_at=now)


def replayed(event: Event, now: datetime) -> Event:
    """The event, to be sent once more under the same id; as it is while it is pending."""
    if event.status == PENDING:
        return event
    return replace(event, status=PENDING, replays=event.replays + 1, attempts=0, next_at=now, ended_at=None)


def endpoint_after(endpoint: Endpoint, event: Event, now: datetime) -> Endpoint:
    """The endpoint after an attempt: well again, failing, or disabled."""
    if event.status == DELIVERED:
        return replace(endpoint, failing_since=None)
    if event.last_status == HTTP_GONE:
        return replace(endpoint, status=DISABLED, reason=GONE, disabled_at=now)
    since = endpoint.failing_since or now
    if now - since >= FAILING_MOST:
        return replace(endpoint, status=DISABLED, reason=FAILING, disabled_at=now, failing_since=since)
    return replace(endpoint, failing_since=since)


def rotated(endpoint: Endpoint, made: SigningKey, now: datetime) -> Endpoint:
    """The endpoint with a new key; the newest before it signs beside it for a while, older ones are gone."""
    older = tuple(replace(each, until=now + OVERLAP) for each in endpoint.keys if each.until is None)
    return replace(endpoint, keys=(made, *older))


def body(endpoint: Endpoint, now: datetime) -> dict[str, Any]:
    """The contract's ``PartnerWebhook``."""
    shown: dict[str, Any] = {
        "url": endpoint.url,
        "status": endpoint.status,
        "public_keys": [_key_body(each) for each in endpoint.keys if each.lives(now)],
    }
    times: Mapping[str, datetime | None] = {
        "failing_since": endpoint.failing_since,
        "disabled_at": endpoint.disabled_at,
    }
    shown |= {name: clock.to_text(at) for name, at in times.items() if at}
    return shown | ({"reason_code": endpoint.reason} if endpoint.reason else {})


def _key_body(key: SigningKey) -> dict[str, Any]:
    until = {"until": clock.to_text(key.until)} if key.until else {}
    return {"id": key.id, "key": key.public, "made_at": clock.to_text(key.made_at), **until}


def _wished(retry_after: str, now: datetime) -> timedelta:
    """How long the header Retry-After asks us to wait: seconds or a date, at most a day."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        wished = timedelta(seconds=min(int(text[:9]), 10**6))
    else:
        try:
            wished = parsedate_to_datetime(text) - now
        except (ValueError, TypeError):
            return timedelta(0)
    return max(timedelta(0), min(wished, RETRY_AFTER_MOST))
