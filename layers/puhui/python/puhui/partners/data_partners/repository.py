"""Data partners, their nonces and bindings, in the partners' table.

| item    | owner (hash)                     | entry (range)  | record |
|---------|----------------------------------|----------------|--------|
| partner | data:<id>                        | partner        | DATA_PARTNER |
| nonce   | nonce:<hash of partner, nonce>   | nonce          | by: the request that brought it; ends (TTL) |
| code    | code:<hash of partner, code>     | code           | CODE; ends (TTL) |
| account | account:<member_ref>             | account        | ACCOUNT: who of ours it is bound to |
| binding | member:<member id>               | B#<partner id> | BINDING |
"""

import hashlib
import os
from collections.abc import Sequence
from datetime import datetime

from puhui.partners.data_partners.bindings import Account, Binding, Code
from puhui.partners.data_partners.errors import BindingCodeInvalid, DataPartnerNotFound, SignatureReplayed
from puhui.partners.data_partners.model import DataPartner
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.versions import put_next

DATA_PARTNER = Record(
    DataPartner, owner="data:{id}", entry="partner", names={"version": "v"}, always=("version",)
)
CODE = Record(Code, owner="code:{id}", entry="code", extra=lambda code: {"ends": _seconds(code.ends_at)})
ACCOUNT = Record(
    Account, owner="account:{member_ref}", entry="account", names={"version": "v"}, always=("version",)
)
BINDING = Record(Binding, owner="member:{member_id}", entry="B#{partner_id}")


class DataPartners:
    """Data partners in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "DataPartners":
        """The table that PARTNERS_TABLE names."""
        return cls(DynamoDB(), os.environ["PARTNERS_TABLE"])

    def get(self, partner_id: str) -> DataPartner | None:
        """A data partner: one read."""
        item = self.dynamodb.get(self.table, DATA_PARTNER.key(id=partner_id))
        return DATA_PARTNER.read(item) if item else None

    def find(self, partner_id: str) -> DataPartner:
        """A data partner. Raises DataPartnerNotFound."""
        if (partner := self.get(partner_id)) is None:
            raise DataPartnerNotFound
        return partner

    def put(self, session: Session, partner: DataPartner) -> None:
        """Write a partner over the version that it was worked out from."""
        put_next(session, self.table, DATA_PARTNER, partner)

    def use_nonce(self, partner_id: str, nonce: str, ends: datetime, by: str) -> None:
        """Keep a nonce for as long as its signature could be sent again. ``by``: the request's id, so that this write may be
        repeated. Raises SignatureReplayed."""
        try:
            self.dynamodb.update(
                self.table,
                {"owner": f"nonce:{_hash(partner_id, nonce)}", "entry": "nonce"},
                "SET #by = :by, ends = :ends",
                {":by": by, ":ends": _seconds(ends)},
                names={"#by": "by"},
                condition="attribute_not_exists(entry) OR #by = :by",
            )
        except ConditionFailed:
            raise SignatureReplayed from None

    def code(self, partner_id: str, code: str) -> Code | None:
        """A code that was registered and not used."""
        item = self.dynamodb.get(self.table, CODE.key(id=code_id(partner_id, code)))
        return CODE.read(item) if item else None

    def add_code(self, session: Session, code: Code, account: Account) -> None:
        """A new code, and the account that it is for, unless that is there."""
        session.put(self.table, CODE.item(code))
        if not account.version:
            put_next(session, self.table, ACCOUNT, account)

    def use_code(self, session: Session, code: Code) -> None:
        """Take a code away: it binds once."""
        session.delete(
            self.table,
            CODE.key(id=code.id),
            condition="attribute_exists(entry)",
            error=BindingCodeInvalid(),
        )

    def account(self, member_ref: str) -> Account | None:
        """A partner's account, by its alias."""
        return self.accounts([member_ref])[0]

    def accounts(self, member_refs: Sequence[str]) -> list[Account | None]:
        """Several accounts, in that order; one read a hundred."""
        found: list[Account | None] = []
        for first in range(0, len(member_refs), 100):
            keys = [
                Key(self.table, ACCOUNT.key(member_ref=each)) for each in member_refs[first : first + 100]
            ]
            found += [ACCOUNT.read(item) if item else None for item in self.dynamodb.get_all(keys)]
        return found

    def put_account(self, session: Session, account: Account) -> None:
        """Write an account over the version that it was worked out from."""
        put_next(session, self.table, ACCOUNT, account)

    def binding(self, member_id: str, partner_id: str) -> Binding | None:
        """A member's binding to a partner."""
        item = self.dynamodb.get(self.table, BINDING.key(member_id=member_id, partner_id=partner_id))
        return BINDING.read(item) if item else None

    def bindings(self, member_id: str) -> list[Binding]:
        """All bindings of a member: as many as there are partners."""
        items, _ = self.dynamodb.query(
            self.table,
            "#owner = :o AND begins_with(entry, :b)",
            {":o": f"member:{member_id}", ":b": "B#"},
            names={"#owner": "owner"},
        )
        return [BINDING.read(item) for item in items]

    def add_binding(self, session: Session, binding: Binding) -> None:
        """A member's first binding to a partner."""
        session.put(self.table, BINDING.item(binding), unless="entry", error=OptimisticLockFailed())

    def remove_binding(self, session: Session, binding: Binding) -> None:
        """End a binding."""
        session.delete(
            self.table,
            BINDING.key(member_id=binding.member_id, partner_id=binding.partner_id),
            condition="member_ref = :ref",
            values={":ref": binding.member_ref},
            error=OptimisticLockFailed(),
        )


def code_id(partner_id: str, code: str) -> str:
    """Under which a code is kept, without saying what it is."""
    return _hash(partner_id, code)


def _hash(*parts: str) -> str:
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
