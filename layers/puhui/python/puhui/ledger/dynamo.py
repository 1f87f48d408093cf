"""The ledger's table: the only file that knows its keys and attributes.

| item     | account (hash) | entry (range)     | holds |
|----------|----------------|-------------------|-------|
| balance  | member:<id>    | B#<programme>     | credits_<year>, points, lot_<month>, fen, reduced_mg, pending_mg, pending_unverified_mg, pooled_<year>, v |
| entrusted| member:<id>    | E#pooling         | granted, since, notice: whether the member's credits may be sold |
| transfer | member:<id>    | T#<transfer id>   | kind, at, legs, reference, hash |
| hold     | member:<id>    | H#<hold id>       | state, legs, runs_out, reference, hash, resolved_by |

The sparse index ``accounts_by_shard`` names every account that has a balance, for the audit.
"""

import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

from puhui.kernel.pages import Page, every
from puhui.ledger import planning
from puhui.ledger.errors import BalanceSuffices, HoldPending, HoldUnchanged, TransferIdFree
from puhui.ledger.holds import PENDING_STATE, Hold
from puhui.ledger.model import Balance, Balances, Change, Entrustment, Leg, Plan, Transfer
from puhui.store.client import DynamoDB, Key
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

AUDIT_SHARDS = 16
PAGE_TRANSFERS = 500
LOT = "lot_"
ENTRUSTED = "E#pooling"


def _named(item: Item) -> Item:
    """The reference was called ``ref``, and legs had their fields by position. A hold that was resized since has them by name."""
    item = {**item, "reference": item["ref"]} if "ref" in item else item
    fields = ("account", "asset", "amount", "lot")
    legs = [leg if isinstance(leg, Mapping) else dict(zip(fields, leg, strict=False)) for leg in item["legs"]]
    return {**item, "legs": legs}


TRANSFER = Record(Transfer, hash_key="account", owner="{home}", entry="T#{id}", shape=2, upgrades={1: _named})
HOLD = Record(
    Hold,
    hash_key="account",
    owner="{account}",
    entry="H#{id}",
    always=("state",),
    extra=lambda hold: {"hash": hold.content_hash},
    shape=2,
    upgrades={1: _named},
)
LEG = Record(Leg)
ENTRUSTMENT = Record(Entrustment)


class Ledger:
    """Accounts, transfers and holds in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Ledger":
        """The table that the environment variable LEDGER_TABLE names."""
        return cls(DynamoDB(), os.environ["LEDGER_TABLE"])

    # Reading

    def balance_key(self, account: str, unit: str) -> Key:
        """The key of a balance, for use cases that read it together with something of their own."""
        return Key(self.table, {"account": account, "entry": f"B#{unit}"})

    def balance(self, account: str, unit: str) -> Balance:
        """The present balance; an empty one when there is none yet."""
        return balance_from(account, unit, self.dynamodb.get(*self.balance_key(account, unit)))

    def balances(self, account: str) -> list[Balance]:
        """All of an account's balances, in one query."""
        items = self.dynamodb.all_entries(self.table, ("account", account), "B#")
        return [balance_from(account, item["entry"][2:], item) for item in items]

    def holdings(self, account: str) -> tuple[list[Balance], Entrustment | None]:
        """All of an account's balances, and whether its credits may be sold (None: that was never said), in one query."""
        balances, entrusted, start = [], None, None
        while True:
            items, start = self.dynamodb.query(
                self.table,
                "account = :a AND entry BETWEEN :first AND :last",
                {":a": account, ":first": "B#", ":last": ENTRUSTED},
                start=start,
            )
            for item in items:
                if item["entry"] == ENTRUSTED:
                    entrusted = ENTRUSTMENT.read(item)
                elif item["entry"].startswith("B#"):
                    balances.append(balance_from(account, item["entry"][2:], item))
            if start is None:
                return balances, entrusted

    def put_entrustment(self, session: Session, account: str, said: Entrustment) -> None:
        """Keep what a member says now of selling the credits, beside the balances that it is about."""
        session.put(self.table, {"account": account, "entry": ENTRUSTED, **ENTRUSTMENT.item(said)})

    def transfer(self, account: str, transfer_id: str) -> Transfer | None:
        """A transfer of the account's statement."""
        item = self.dynamodb.get(self.table, {"account": account, "entry": f"T#{transfer_id}"})
        return transfer_from(item) if item else None

    def transfers_at(self, places: Sequence[tuple[str, str]]) -> list[Transfer | None]:
        """The transfers at up to 100 (account, transfer id), in that order: one read."""
        keys = [Key(self.table, {"account": account, "entry": f"T#{each}"}) for account, each in places]
        return [transfer_from(item) if item else None for item in self.dynamodb.get_all(keys)]

    def transfers(
        self, account: str, limit: int, start: str | None, *, forward: bool = False
    ) -> Page[Transfer]:
        """A page of the statement, newest first; the page's cursor is the last transfer's id."""
        owner = ("account", account)
        items, last = self.dynamodb.entries(
            self.table, owner, "T#", limit=limit, after=start, forward=forward
        )
        return Page([transfer_from(item) for item in items], last)

    def statement(self, account: str) -> Iterator[Transfer]:
        """Every transfer of the account, oldest first, page by page."""
        return every(lambda start: self.transfers(account, PAGE_TRANSFERS, start, forward=True))

    def hold_key(self, account: str, hold_id: str) -> Key:
        """The key of a hold."""
        return Key(self.table, {"account": account, "entry": f"H#{hold_id}"})

    def hold(self, account: str, hold_id: str) -> Hold | None:
        """A hold of the account."""
        item = self.dynamodb.get(*self.hold_key(account, hold_id))
        return hold_from(item) if item else None

    def holds(self, account: str) -> Iterator[Hold]:
        """The account's holds, whatever their state, page by page."""
        return map(hold_from, self.dynamodb.all_entries(self.table, ("account", account), "H#"))

    def accounts(self, shard: int) -> Iterator[tuple[str, str]]:
        """Every (account, unit) of one of AUDIT_SHARDS shards that has a balance, page by page; an account's units in a row."""

        def page(start: Item | None) -> tuple[list[Item], Item | None]:
            values = {":s": f"{shard:02}"}
            return self.dynamodb.query(
                self.table, "audit_shard = :s", values, index="accounts_by_shard", start=start
            )

        return ((item["account"], item["entry"][2:]) for item in every(page))

    def every_account(self) -> Iterator[str]:
        """Every account that has a balance, once."""
        for shard in range(AUDIT_SHARDS):
            yield from (account for account, _ in groupby(account for account, _ in self.accounts(shard)))

    # Writing

    def add(self, session: Session, transfers: list[Transfer], balances: Balances, today: date) -> None:
        """Add posted transfers to a session: their items first, then one update for each balance they change."""
        self.add_plan(session, planning.plan(transfers, balances, today))

    def add_plan(self, session: Session, plan: Plan) -> None:
        """Add a plan's transfers and changes to a session."""
        for transfer, legs in plan.transfers:
            for owner in transfer.owners:
                session.put(
                    self.table,
                    transfer_item(owner, transfer, legs),
                    unless="entry",
                    error=TransferIdFree(hash=transfer.content_hash, transfer_id=transfer.id),
                )
        for change in plan.changes:
            self._add_change(session, change)

    def add_hold(self, session: Session, hold: Hold) -> None:
        """Add a new hold to a session."""
        session.put(
            self.table,
            HOLD.item(hold),
            unless="entry",
            error=TransferIdFree(hash=hold.content_hash, transfer_id=hold.id),
        )

    def add_resizing(self, session: Session, before: Hold, after: Hold) -> None:
        """Let a pending hold promise another amount than when it was read."""
        session.update(
            self.table,
            self.hold_key(before.account, before.id).key,
            "SET legs = :legs, #hash = :after",
            {
                ":legs": [LEG.item(leg) for leg in after.legs],
                ":after": after.content_hash,
                ":before": before.content_hash,
                ":pending": PENDING_STATE,
            },
            names={"#state": "state", "#hash": "hash"},
            condition="#state = :pending AND #hash = :before",
            error=HoldUnchanged(),
        )

    def add_resolution(self, session: Session, hold: Hold, state: str, transfer_id: str) -> None:
        """End a hold: it is pending, and becomes ``state``."""
        session.update(
            self.table,
            self.hold_key(hold.account, hold.id).key,
            "SET #state = :state, resolved_by = :by",
            {":state": state, ":by": transfer_id, ":pending": PENDING_STATE},
            names={"#state": "state"},
            condition="#state = :pending",
            error=HoldPending(),
        )

    def _add_change(self, session: Session, change: Change) -> None:
        adds = {**change.deltas, **{LOT + lot: delta for lot, delta in change.lots.items()}, "v": 1}
        names = {f"#a{n}": name for n, name in enumerate(adds)}
        values: dict[str, Any] = {f":a{n}": delta for n, delta in enumerate(adds.values())}
        expression = "ADD " + ", ".join(f"#a{n} :a{n}" for n in range(len(adds)))
        expression += " SET audit_shard = if_not_exists(audit_shard, :shard)"
        values[":shard"] = f"{zlib.crc32(change.account.encode()) % AUDIT_SHARDS:02}"
        if change.emptied:
            names |= {f"#r{n}": LOT + lot for n, lot in enumerate(change.emptied)}
            expression += " REMOVE " + ", ".join(f"#r{n}" for n in range(len(change.emptied)))
        conditions = []
        for n, (name, needed) in enumerate(change.needs.items()):
            names[f"#n{n}"], values[f":n{n}"] = name, needed
            conditions.append(f"#n{n} >= :n{n}")
        if change.version is not None:
            names["#v"], values[":v"] = "v", change.version
            conditions.append("#v = :v" if change.version else "attribute_not_exists(#v)")
        session.update(
            self.table,
            self.balance_key(change.account, change.unit).key,
            expression,
            values,
            names=names,
            condition=" AND ".join(conditions) or None,
            error=BalanceSuffices(needs=change.needs, version=change.version),
        )


def balance_from(account: str, unit: str, item: Item | None) -> Balance:
    """The balance of an item; an empty one when there is none."""
    item = item or {}
    amounts = {name: value for name, value in item.items() if type(value) is int and not name.startswith(LOT)}
    lots = {name[len(LOT) :]: value for name, value in item.items() if name.startswith(LOT)}
    return Balance(account, unit, amounts, lots, amounts.pop("v", 0))


def transfer_item(owner: str, transfer: Transfer, legs: tuple[Leg, ...]) -> Item:
    """The item of a posted transfer in ``owner``'s statement, its legs resolved to lots."""
    return TRANSFER.item(replace(transfer, home=owner, legs=legs)) | {"hash": transfer.content_hash}


def transfer_from(item: Mapping[str, Any]) -> Transfer:
    """The transfer of an item, its legs resolved to lots."""
    return TRANSFER.read(item)


def hold_from(item: Mapping[str, Any]) -> Hold:
    """The hold of an item."""
    return HOLD.read(item)
