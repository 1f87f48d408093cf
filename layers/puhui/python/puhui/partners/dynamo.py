"""The partners' table: the only file that knows its keys and attributes.

| item    | partner (hash) | entry (range)  | holds |
|---------|----------------|----------------|-------|
| partner | <partner id>   | partner        | programme, name, url, answer_within, items, version; secrets: at most two, sealed |
| made    | <partner id>   | S#<secret id>  | at, by: that this request has made a secret, for ever |
"""

import os
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from puhui.kernel import clock
from puhui.partners import signing
from puhui.partners.model import Partner, Secret
from puhui.store import secrets
from puhui.store.client import DynamoDB, Key
from puhui.store.sealing import Sealer
from puhui.store.session import Moved, Session
from puhui.store.values import Item

ENTRY = "partner"


class Partners:
    """Partners in one table; their secrets open with the data secret, which is read when one is needed."""

    def __init__(self, dynamodb: DynamoDB, table: str, sealer: Sealer | None = None) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self._given = sealer

    @classmethod
    def from_environment(cls) -> "Partners":
        """The table that PARTNERS_TABLE names; DATA_SECRET seals."""
        return cls(DynamoDB(), os.environ["PARTNERS_TABLE"])

    @cached_property
    def _sealer(self) -> Sealer:
        return self._given or Sealer.from_secret(secrets.read(os.environ["DATA_SECRET"]))

    def partner(self, partner_id: str) -> Partner | None:
        """A partner: one read."""
        item = self.dynamodb.get(self.table, _key(partner_id))
        return partner_from(item) if item else None

    def partner_and_made(self, partner_id: str, secret_id: str) -> tuple[Partner | None, bool]:
        """A partner, and whether the secret was made before: one request."""
        made_key = {"partner": partner_id, "entry": f"S#{secret_id}"}
        item, made = self.dynamodb.get_all([Key(self.table, _key(partner_id)), Key(self.table, made_key)])
        return (partner_from(item) if item else None), made is not None

    def sealed(self, partner_id: str, secret_id: str, key: bytes) -> bytes:
        """A key, sealed for its place."""
        return self._sealer.seal(signing.secret_text(key), f"{partner_id}/{secret_id}", "secret")

    def opened(self, partner: Partner, secret: Secret) -> str:
        """The secret as text: ``whsec_...``."""
        return self._sealer.open(secret.sealed, f"{partner.id}/{secret.id}", "secret")

    def keys(self, partner: Partner, now: datetime) -> list[bytes]:
        """The keys that sign at this moment, the newest first."""
        return [signing.key_of(self.opened(partner, each)) for each in partner.secrets if each.lives(now)]

    def put(self, session: Session, before: Partner | None, after: Partner) -> None:
        """Write a partner over the one that was read."""
        session.put(
            self.table,
            partner_item(after),
            condition="version = :before" if before else "attribute_not_exists(entry)",
            values={":before": before.version} if before else None,
            error=Moved(),
        )

    def put_made(self, session: Session, partner_id: str, secret: Secret, by: str) -> None:
        """Remember for ever that the secret was made."""
        item = {
            "partner": partner_id,
            "entry": f"S#{secret.id}",
            "at": clock.to_text(secret.made_at),
            "by": by,
        }
        session.put(self.table, item, unless="entry", error=Moved())


def _key(partner_id: str) -> dict[str, str]:
    return {"partner": partner_id, "entry": ENTRY}


def partner_item(partner: Partner) -> Item:
    """The item of a partner."""
    return {
        **_key(partner.id),
        "programme": partner.programme_id,
        "name": dict(partner.name),
        "url": partner.url,
        "answer_within": partner.answer_within_seconds,
        "items": list(partner.items),
        "secrets": [_secret_item(secret) for secret in partner.secrets],
        "version": partner.version,
    }


def partner_from(item: Mapping[str, Any]) -> Partner:
    """The partner of an item."""
    return Partner(
        item["partner"],
        item["programme"],
        item["name"],
        item["url"],
        item["answer_within"],
        tuple(item["items"]),
        tuple(_secret_from(secret) for secret in item["secrets"]),
        item["version"],
    )


def _secret_item(secret: Secret) -> Item:
    return {
        "id": secret.id,
        "made_at": clock.to_text(secret.made_at),
        "until": clock.to_text(secret.until) if secret.until else "",
        "sealed": secret.sealed,
    }


def _secret_from(item: Mapping[str, Any]) -> Secret:
    until = clock.from_text(item["until"]) if item["until"] else None
    return Secret(item["id"], clock.from_text(item["made_at"]), until, item["sealed"])
