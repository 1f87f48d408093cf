"""Registering where a data partner is told things, telling it, and telling it again."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock, ids
from puhui.partners import signing
from puhui.partners.errors import PartnerUnavailable
from puhui.partners.model import Message, Reply, require_url
from puhui.partners.webhooks import model
from puhui.partners.webhooks.errors import SpanInvalid, WebhookNotFound
from puhui.partners.webhooks.model import (
    ACTIVE,
    DISABLED,
    PENDING,
    Endpoint,
    Event,
    SigningKey,
)
from puhui.partners.webhooks.repository import PAGE, SEND_SHARDS, Webhooks
from puhui.store.sealing import Sealer
from puhui.store.session import Session, attempt
from puhui.store.values import Item

Send = Callable[[Message, Mapping[str, str]], Reply]  # client.Client.send; raises PartnerUnavailable
REPLAYED_MOST = 1_000  # in one request
DELIVERED, FAILED, DISABLED_NOW, NOTHING = "delivered", "failed", "disabled", "nothing"


def put_endpoint(
    partner_id: str, url: str, *, webhooks: Webhooks, sealer: Sealer, now: datetime
) -> tuple[Endpoint, bool]:
    """The endpoint, active from now on, and whether it is new; it has a key of its own. Raises PartnerInvalid."""
    url = require_url(url, os.environ.get("STAGE", ""))
    made = _new_key(partner_id, ids.new_id(now), sealer, now)

    def build(session: Session) -> tuple[Endpoint, bool]:
        before = webhooks.endpoint(partner_id)
        if before is None:
            endpoint = Endpoint(partner_id, url, keys=(made,))
            webhooks.put_endpoint(session, endpoint)
            return endpoint, True
        if (before.url, before.status) == (url, ACTIVE):
            return before, False
        endpoint = replace(before, url=url, status=ACTIVE, failing_since=None, reason="", disabled_at=None)
        webhooks.put_endpoint(session, endpoint)
        return endpoint, False

    return attempt(webhooks.dynamodb, build)


def add_key(
    partner_id: str, *, by: str, key: str | None, webhooks: Webhooks, sealer: Sealer, now: datetime
) -> Endpoint:
    """The endpoint with a new key, beside which the one before signs for a day. The same idempotency key makes no second one.
    Raises WebhookNotFound."""
    key_id = ids.key_id(partner_id, "webhook key", by, key) if key else ids.new_id(now)
    made = _new_key(partner_id, key_id, sealer, now)

    def build(session: Session) -> Endpoint:
        before = find(partner_id, webhooks=webhooks)
        if any(each.id == key_id for each in before.keys):
            return before
        after = model.rotated(before, made, now)
        webhooks.put_endpoint(session, after)
        return after

    return attempt(webhooks.dynamodb, build)


def find(partner_id: str, *, webhooks: Webhooks) -> Endpoint:
    """A partner's endpoint. Raises WebhookNotFound."""
    endpoint = webhooks.endpoint(partner_id)
    if endpoint is None:
        raise WebhookNotFound
    return endpoint


def replay(
    partner_id: str, first: datetime, last: datetime, *, webhooks: Webhooks, now: datetime
) -> tuple[int, datetime]:
    """Tell again what happened from ``first`` to before ``last``: how many messages, and up to when that reached (there are at most
    a thousand at once). What is pending anyway is left alone. Raises SpanInvalid, WebhookNotFound."""
    find(partner_id, webhooks=webhooks)
    if not now - model.KEPT <= first < last:
        raise SpanInvalid(days=model.KEPT.days)
    count, at = 0, first
    while count < REPLAYED_MOST:
        page = webhooks.between(partner_id, at, last)
        for event in page:
            again = model.replayed(event, now)
            count += again is not event and webhooks.replace(event, again)
        if len(page) < PAGE:
            return count, last
        at = max(ids.time_of(page[-1].id), at + timedelta(milliseconds=1))
    return count, at


def send_event(
    partner_id: str, event_id: str, *, webhooks: Webhooks, sealer: Sealer, send: Send, now: datetime
) -> str:
    """One attempt, where one is due: how it ended. Two runs at once send it once."""
    event = webhooks.event(partner_id, event_id)
    if event is None or event.status != PENDING or event.next_at is None or event.next_at > now:
        return NOTHING
    endpoint = webhooks.endpoint(partner_id)
    if endpoint is None or endpoint.status == DISABLED:
        webhooks.replace(event, model.given_up(event, now))
        return NOTHING
    claimed = model.claimed(event, now)
    if not webhooks.replace(event, claimed):
        return NOTHING
    reply = _exchange(endpoint, claimed, sealer, send, now)
    done = model.after(claimed, reply.status, reply.retry_after, now, random.Random())  # noqa: S311 jitter
    if not webhooks.replace(claimed, done):
        return NOTHING
    return _note(endpoint, done, webhooks, now)


def send_due(
    now: datetime,
    one: Callable[[str, str], str],
    *,
    webhooks: Webhooks,
    clock_seconds: Callable[[], float],
    seconds_max: float,
) -> Counter[str]:
    """Every attempt that is due, for at most so long: how many ended how."""
    until, done = clock_seconds() + seconds_max, Counter[str]()
    for partner_id, event_id in _all_due(webhooks, now):
        if clock_seconds() > until:
            break
        done[one(partner_id, event_id)] += 1
    return done


def _all_due(webhooks: Webhooks, now: datetime) -> Iterator[tuple[str, str]]:
    for shard in range(SEND_SHARDS):
        start: Item | None = None
        while True:
            found, start = webhooks.due(shard, now, start)
            yield from found
            if start is None:
                break


def _exchange(endpoint: Endpoint, event: Event, sealer: Sealer, send: Send, now: datetime) -> Reply:
    seeds = [_opened(endpoint.partner_id, each, sealer) for each in endpoint.keys if each.lives(now)]
    headers = signing.headers_by_seeds(event.id, event.body, seeds, now)
    try:
        return send(Message(event.id, endpoint.url, event.body), headers)
    except PartnerUnavailable:
        return Reply(0, b"")


def _note(endpoint: Endpoint, event: Event, webhooks: Webhooks, now: datetime) -> str:
    """Keep with the endpoint how it fares. It was read a moment ago: who changed it meanwhile is right."""

    def build(session: Session) -> Endpoint:
        present = webhooks.endpoint(endpoint.partner_id)
        if present is None or (present.url, present.status) != (endpoint.url, ACTIVE):
            return endpoint
        after = model.endpoint_after(present, event, now)
        if after != present:
            webhooks.put_endpoint(session, after)
        return after

    if event.status == model.DELIVERED and endpoint.failing_since is None:
        return DELIVERED
    noted = attempt(webhooks.dynamodb, build)
    if noted.status == DISABLED:
        return DISABLED_NOW
    return DELIVERED if event.status == model.DELIVERED else FAILED


def _new_key(partner_id: str, key_id: str, sealer: Sealer, now: datetime) -> SigningKey:
    seed = os.urandom(signing.SEED_BYTES)
    sealed = sealer.seal(signing.private_text(seed), f"{partner_id}/{key_id}", "webhook key")
    return SigningKey(key_id, signing.public_text(seed), now.replace(microsecond=0), None, sealed)


def _opened(partner_id: str, key: SigningKey, sealer: Sealer) -> bytes:
    return signing.seed_of(sealer.open(key.sealed, f"{partner_id}/{key.id}", "webhook key"))


def span_body(replayed: tuple[int, datetime]) -> dict[str, Any]:
    """The contract's ``WebhookReplay``."""
    count, until = replayed
    return {"replayed": count, "until": clock.to_text(until)}
