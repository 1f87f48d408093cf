"""The partners' table.

| item    | owner (hash) | entry (range)  | holds |
|---------|--------------|----------------|-------|
| partner | <partner id> | partner        | the partner; secrets: at most two, sealed |
| made    | <partner id> | S#<secret id>  | at, by: that this request has made a secret, for ever |
"""

import os
from datetime import datetime
from functools import cached_property

from puhui.kernel import clock
from puhui.partners import signing
from puhui.partners.model import Partner, Secret
from puhui.store import secrets
from puhui.store.client import DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.sealing import Sealer
from puhui.store.session import Session

PARTNER = Record(
    Partner, owner="{id}", entry="partner", names={"programme_id": "programme"}, always=("version",)
)


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
        item = self.dynamodb.get(self.table, PARTNER.key(id=partner_id))
        return PARTNER.read(item) if item else None

    def partner_and_made(self, partner_id: str, secret_id: str) -> tuple[Partner | None, bool]:
        """A partner, and whether the secret was made before: one request."""
        made_key = {"owner": partner_id, "entry": f"S#{secret_id}"}
        item, made = self.dynamodb.get_all(
            [Key(self.table, PARTNER.key(id=partner_id)), Key(self.table, made_key)]
        )
        return (PARTNER.read(item) if item else None), made is not None

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
            PARTNER.item(after),
            condition="version = :before" if before else "attribute_not_exists(entry)",
            values={":before": before.version} if before else None,
            error=OptimisticLockFailed(),
        )

    def put_made(self, session: Session, partner_id: str, secret: Secret, by: str) -> None:
        """Remember for ever that the secret was made."""
        item = {
            "owner": partner_id,
            "entry": f"S#{secret.id}",
            "at": clock.to_text(secret.made_at),
            "by": by,
        }
        session.put(self.table, item, unless="entry", error=OptimisticLockFailed())
