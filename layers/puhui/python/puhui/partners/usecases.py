"""What can be done with partners: register one, change its secret, order, cancel, and check what it sends."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from puhui.kernel import clock, ids
from puhui.partners import model, signing
from puhui.partners.errors import PartnerIdTaken, PartnerNotFound, PartnerUnavailable, SecretEnded
from puhui.partners.model import Answer, Message, Order, Partner, Reply, Secret
from puhui.partners.repository import Partners
from puhui.store.session import Session, attempt

OVERLAP = timedelta(hours=24)  # both secrets live so long after a change
Send = Callable[[Message, Mapping[str, str]], Reply]  # client.Client.send; raises PartnerUnavailable


def find_partner(partner_id: str, *, partners: Partners) -> Partner:
    """A partner. Raises PartnerNotFound."""
    if (partner := partners.partner(partner_id)) is None:
        raise PartnerNotFound
    return partner


def issue_order(partner: Partner, order: Order, *, partners: Partners, send: Send, now: datetime) -> Answer:
    """Order: issued, accepted (a later answer follows) or refused. Under one order id a partner gives once, so it may be
    called again for as long as it takes. Raises PartnerUnavailable."""
    return _ask(partner, model.order_message(partner, order), model.answer_to_order, partners, send, now)


def cancel_order(
    partner: Partner, order_id: str, *, known: bool, partners: Partners, send: Send, now: datetime
) -> Answer:
    """Cancel an order: cancelled, or not_cancellable when it was issued. ``known``: the partner has confirmed it to us; any other
    order may be unknown to the partner, which is cancelled, too. May be called again. Raises PartnerUnavailable."""
    read = partial(model.answer_to_cancellation, known=known)
    return _ask(partner, model.cancellation_message(partner, order_id), read, partners, send, now)


def verify(
    partner: Partner, headers: Mapping[str, str], raw_body: bytes, now: datetime, *, partners: Partners
) -> str:
    """The webhook-id of a request that this partner has signed. Raises SignatureInvalid."""
    return signing.require_signed(headers, raw_body, partners.keys(partner, now), now)


def wanted_from(partner_id: str, body: Mapping[str, Any]) -> Partner:
    """The partner that the contract's ``PutPartner`` describes."""
    return Partner(
        partner_id,
        body["programme_id"],
        dict(body["name"]),
        body["url"],
        body["answer_within_seconds"],
        tuple(dict.fromkeys(body.get("items", ()))),
    )


def put_partner(wanted: Partner, *, partners: Partners) -> tuple[Partner, bool]:
    """The partner after the change, and whether it is new. Its secrets are kept. The same again changes nothing.

    Raises PartnerIdTaken, PartnerInvalid.
    """
    wanted = replace(wanted, url=model.require_url(wanted.url, os.environ.get("STAGE", "")))

    def build(session: Session) -> tuple[Partner, bool]:
        current = partners.partner(wanted.id)
        if current is None:
            made = replace(wanted, secrets=(), version=1)
            partners.put(session, None, made)
            return made, True
        if current.programme_id != wanted.programme_id:
            raise PartnerIdTaken(programme_id=current.programme_id)
        same = replace(wanted, secrets=current.secrets, version=current.version)
        if same != current:
            same = replace(same, version=current.version + 1)
            partners.put(session, current, same)
        return same, False

    return attempt(partners.dynamodb, build)


def add_secret(
    partner_id: str, *, by: str, key: str | None, partners: Partners, now: datetime, given: str = ""
) -> str:
    """A new secret, ``whsec_...``; the one before lives on for 24 hours, one before that ends at once. The same key again
    gives the same secret while it lives. ``given``: a secret that the partner has made.

    Raises PartnerNotFound, SecretEnded.
    """
    secret_id = ids.key_id(partner_id, "secret", by, key) if key else ids.new_id(now)
    fresh = signing.key_of(given) if given else os.urandom(signing.KEY_BYTES)

    def build(session: Session) -> str:
        partner, made_before = partners.partner_and_made(partner_id, secret_id)
        if partner is None:
            raise PartnerNotFound
        if made_before:
            # Two items read at once are not of one moment: the partner is read again, now that the secret was made.
            return _current(find_partner(partner_id, partners=partners), secret_id, partners, now)
        made = Secret(secret_id, now, None, partners.sealed(partner_id, secret_id, fresh))
        partners.put_made(session, partner_id, made, by)
        partners.put(session, partner, rotated(partner, made, now))
        return signing.secret_text(fresh)

    return attempt(partners.dynamodb, build)


def rotated(partner: Partner, made: Secret, now: datetime) -> Partner:
    """The partner with a new secret; the newest of the others lives on for a while, the rest are gone."""
    others = [each for each in partner.secrets if each.until is None]
    older = tuple(replace(each, until=now + OVERLAP) for each in others)
    return replace(partner, secrets=(made, *older), version=partner.version + 1)


def partner_body(partner: Partner, now: datetime) -> dict[str, Any]:
    """The contract's ``Partner``: when its secrets were made, never what they are."""
    return {
        "id": partner.id,
        "programme_id": partner.programme_id,
        "name": dict(partner.name),
        "url": partner.url,
        "answer_within_seconds": partner.answer_within_seconds,
        "items": list(partner.items),
        "secrets": [_secret_body(each) for each in partner.secrets if each.lives(now)],
    }


def _secret_body(secret: Secret) -> dict[str, Any]:
    until = {"until": clock.to_text(secret.until)} if secret.until else {}
    return {"id": secret.id, "made_at": clock.to_text(secret.made_at), **until}


def _current(partner: Partner, secret_id: str, partners: Partners, now: datetime) -> str:
    for secret in partner.secrets:
        if secret.id == secret_id and secret.lives(now):
            return partners.opened(partner, secret)
    raise SecretEnded


def _ask(
    partner: Partner,
    message: Message,
    read: Callable[[Reply], Answer | None],
    partners: Partners,
    send: Send,
    now: datetime,
) -> Answer:
    keys = partners.keys(partner, now)
    if not keys:
        raise PartnerUnavailable(reason="no secret")
    reply = send(message, signing.headers(message.id, message.body, keys, now))
    answer = read(reply)
    if answer is None:
        raise PartnerUnavailable(reason=f"unreadable, http {reply.status}")
    return answer
