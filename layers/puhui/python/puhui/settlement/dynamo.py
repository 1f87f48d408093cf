"""The settlement's table: the only file that knows its keys and attributes.

| item       | owner (hash)    | entry (range)                         | holds |
|------------|-----------------|---------------------------------------|-------|
| budget     | budget:<id>     | budget                                | programme, sponsor, funded, withdrawn, settled, adjusted, proposals that wait, v |
| funding    | budget:<id>     | F#<funding id>                        | kind, fen, who proposed and approved it |
| settlement | settlement:<id> | settlement                            | programme_id, opened, until, status, hash, approvals, sums, v |
| part       | settlement:<id> | S#<shard>                             | what one shard counted; closed once it was summed up |
| statement  | settlement:<id> | M#<merchant>                          | merchant_id, opened, sums, status, adjustments, payment, v |
| line       | settlement:<id> | L#<merchant>#<reward>#<budget>#<fen>  | title and sums of one reward at one price |
| dispute    | settlement:<id> | D#<dispute id>                        | merchant, text, how it was resolved |
| key        | key:<id>        | key                                   | body_hash of a request that makes no item of its own |

Index ``settlements_by_programme`` (programme_id, opened): only settlements carry programme_id. Index
``statements_by_merchant`` (merchant_id, opened): only statements carry merchant_id. ``opened`` is a ULID of the moment at
which the settlement was opened.

A due is counted in one transaction with its claim: part, statement and line only ever add, and the part refuses once it is
closed, so that nothing comes late.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.settlement.errors import AsRead, ProposalsWaiting, SettlementClosed, Stands
from puhui.settlement.model import (
    PROPOSALS_MAX,
    SHARDS,
    Adjustment,
    Approval,
    Budget,
    Dispute,
    Funding,
    Line,
    Payment,
    Settlement,
    Statement,
    Tally,
)
from puhui.store.client import DynamoDB, Key
from puhui.store.session import Session
from puhui.store.values import Item

BY_PROGRAMME, BY_MERCHANT = "settlements_by_programme", "statements_by_merchant"
FUNDINGS_SHOWN = 100
READS_MAX = 100


class Settlements:
    """Budgets, settlements and statements in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Settlements":
        """The table that the environment variable SETTLEMENT_TABLE names."""
        return cls(DynamoDB(), os.environ["SETTLEMENT_TABLE"])

    # Budgets

    def budget_key(self, budget_id: str) -> Key:
        """Where a budget stands, for use cases that read it together with its balance."""
        return self._key(f"budget:{budget_id}", "budget")

    def budget(self, budget_id: str) -> Budget | None:
        """A budget."""
        item = self.dynamodb.get(*self.budget_key(budget_id))
        return budget_from(item) if item else None

    def budgets(self, budget_ids: Sequence[str]) -> dict[str, Budget]:
        """Those of the budgets that there are, by id."""
        items = self._all([self.budget_key(each) for each in dict.fromkeys(budget_ids)])
        return {found.id: found for found in map(budget_from, items)}

    def put_budget(self, session: Session, budget: Budget) -> None:
        """Write a budget that was worked out from the one before; its sums are not touched."""
        session.update(
            self.table,
            self.budget_key(budget.id).key,
            "SET programme = :programme, sponsor = :sponsor, v = :next",
            {
                ":programme": budget.programme_id,
                ":sponsor": dict(budget.sponsor),
                ":next": budget.version + 1,
            }
            | ({":v": budget.version} if budget.version else {}),
            condition="v = :v" if budget.version else "attribute_not_exists(v)",
            error=AsRead(),
        )

    def add_to_budget(self, session: Session, budget_id: str, **sums: int) -> None:
        """Count what came in (``funded``), went back (``withdrawn``), was settled (``settled``) or was paid for adjustments
        (``adjusted``), and the ``proposals`` that wait."""
        expression = "ADD " + ", ".join(f"#{name} :{name}" for name in sums)
        values, names = {f":{name}": sums[name] for name in sums}, {f"#{name}": name for name in sums}
        session.update(self.table, self.budget_key(budget_id).key, expression, values, names=names)

    def add_proposal(self, session: Session, budget_id: str) -> None:
        """Count one more proposal that waits. Raises ProposalsWaiting."""
        session.update(
            self.table,
            self.budget_key(budget_id).key,
            "ADD proposals :one",
            {":one": 1, ":most": PROPOSALS_MAX},
            condition="attribute_not_exists(proposals) OR proposals < :most",
            error=ProposalsWaiting(most=PROPOSALS_MAX),
        )

    def funding(self, budget_id: str, funding_id: str) -> Funding | None:
        """A funding of the budget."""
        item = self.dynamodb.get(*self._key(f"budget:{budget_id}", f"F#{funding_id}"))
        return funding_from(item) if item else None

    def fundings(self, budget_id: str) -> list[Funding]:
        """The newest of the budget's fundings, the newest first."""
        items = self.dynamodb.all_entries(self.table, ("owner", f"budget:{budget_id}"), "F#")
        found = sorted(map(funding_from, items), key=lambda each: each.proposed_at, reverse=True)
        return found[:FUNDINGS_SHOWN]

    def add_funding(self, session: Session, funding: Funding) -> None:
        """A new funding; Made or IdempotencyKeyReused when its id stands."""
        session.put(
            self.table, funding_item(funding), unless="entry", error=Stands(body_hash=funding.body_hash)
        )

    def put_decided(self, session: Session, funding: Funding, before: str) -> None:
        """Write a funding over one whose status was ``before``."""
        session.put(
            self.table,
            funding_item(funding),
            condition="#status = :before",
            values={":before": before},
            names={"#status": "status"},
            error=AsRead(),
        )

    # Settlements

    def settlement(self, settlement_id: str) -> Settlement | None:
        """A settlement."""
        item = self.dynamodb.get(*self._settlement_key(settlement_id))
        return settlement_from(item) if item else None

    def settlements_of(self, settlement_ids: Iterable[str]) -> dict[str, Settlement]:
        """Up to 100 settlements, by id."""
        items = self._all([self._settlement_key(each) for each in dict.fromkeys(settlement_ids)])
        return {found.id: found for found in map(settlement_from, items)}

    def settlements(
        self, programme_id: str, limit: int, start: Mapping[str, str] | None
    ) -> tuple[list[Settlement], dict[str, str] | None]:
        """A page of a programme's settlements, the newest first, and where the next begins: {id, opened}."""
        begin = None
        if start:
            key = self._settlement_key(start["id"]).key
            begin = {**key, "programme_id": programme_id, "opened": start["opened"]}
        items, last = self.dynamodb.query(
            self.table,
            "programme_id = :p",
            {":p": programme_id},
            index=BY_PROGRAMME,
            limit=limit,
            forward=False,
            start=begin,
        )
        return [settlement_from(item) for item in items], _listed(last)

    def add_settlement(self, session: Session, settlement: Settlement) -> None:
        """A new settlement; Made or IdempotencyKeyReused when its id stands."""
        item = settlement_item(settlement)
        session.put(self.table, item, unless="entry", error=Stands(body_hash=settlement.body_hash))

    def put_settlement(self, session: Session, settlement: Settlement) -> None:
        """Write a settlement that was worked out from the one of its version."""
        item = settlement_item(settlement) | {"v": settlement.version + 1}
        session.put(self.table, item, condition="v = :v", values={":v": settlement.version}, error=AsRead())

    # What the shards count

    def count(
        self, session: Session, settlement: Settlement, shard: int, merchant_id: str, lines: Sequence[Line]
    ) -> None:
        """Add to the part of the shard, the merchant's statement, and its lines. Raises SettlementClosed."""
        total = sum((line.tally for line in lines), Tally())
        owner = f"settlement:{settlement.id}"
        self._add(session, self._key(owner, f"S#{shard}"), total, {}, closed=True)
        about: Item = {
            "merchant_id": merchant_id,
            "programme": settlement.programme_id,
            "until": clock.to_text(settlement.until),
            "opened": settlement.opened,
        }
        self._add(session, self._key(owner, f"M#{merchant_id}"), total, about)
        for line in lines:
            named: Item = {
                "merchant": line.merchant_id,
                "reward_id": line.reward_id,
                "budget_id": line.budget_id,
                "fen_each": line.fen_each,
                "title": dict(line.title),
            }
            self._add(session, self._key(owner, _line_entry(line)), line.tally, named)

    def close_parts(self, settlement_id: str) -> Tally:
        """Let no shard count any more; what they counted together."""
        parts = [
            self.dynamodb.update(
                self.table,
                self._key(f"settlement:{settlement_id}", f"S#{shard}").key,
                "SET closed = :yes",
                {":yes": True},
            )
            for shard in range(SHARDS)
        ]
        return sum(map(_tally, parts), Tally())

    def lines(self, settlement_id: str, merchant_id: str = "") -> Iterator[Line]:
        """The lines of a settlement, or of one merchant in it, in the order of their keys, page by page."""
        prefix = f"L#{merchant_id}#" if merchant_id else "L#"
        return map(line_from, self.dynamodb.all_entries(self.table, _owner_of(settlement_id), prefix))

    # Statements

    def statement_key(self, settlement_id: str, merchant_id: str) -> Key:
        """Where a statement stands."""
        return self._key(f"settlement:{settlement_id}", f"M#{merchant_id}")

    def statement(self, settlement_id: str, merchant_id: str) -> Statement | None:
        """A merchant's statement."""
        item = self.dynamodb.get(*self.statement_key(settlement_id, merchant_id))
        return statement_from(item) if item else None

    def merchants_in(self, settlement_id: str, merchant_ids: Iterable[str]) -> list[str]:
        """Those of the merchants that have a statement in the settlement."""
        keys = [self.statement_key(settlement_id, each) for each in dict.fromkeys(merchant_ids)]
        return [item["merchant_id"] for item in self._all(keys)]

    def statements(
        self, settlement_id: str, limit: int, start: str | None
    ) -> tuple[list[Statement], str | None]:
        """A page of a settlement's statements in the order of the merchants' ids, and the last one's id when more follow."""
        items, last = self.dynamodb.entries(
            self.table, _owner_of(settlement_id), "M#", limit=limit, after=start
        )
        return [statement_from(item) for item in items], last

    def all_statements(self, settlement_id: str) -> Iterator[Statement]:
        """All of them, page by page."""
        return map(statement_from, self.dynamodb.all_entries(self.table, _owner_of(settlement_id), "M#"))

    def statements_of(
        self, merchant_id: str, limit: int, start: Mapping[str, str] | None
    ) -> tuple[list[Statement], dict[str, str] | None]:
        """A page of a merchant's statements, the newest first, and where the next begins: {id, opened}."""
        begin = None
        if start:
            key = self.statement_key(start["id"], merchant_id).key
            begin = {**key, "merchant_id": merchant_id, "opened": start["opened"]}
        items, last = self.dynamodb.query(
            self.table,
            "merchant_id = :m",
            {":m": merchant_id},
            index=BY_MERCHANT,
            limit=limit,
            forward=False,
            start=begin,
        )
        return [statement_from(item) for item in items], _listed(last)

    def put_statement(self, session: Session, statement: Statement) -> None:
        """Write a statement that was worked out from the one of its version."""
        item = statement_item(statement) | {"v": statement.version + 1}
        condition = "v = :v" if statement.version else "attribute_exists(entry) AND attribute_not_exists(v)"
        values = {":v": statement.version} if statement.version else None
        session.put(self.table, item, condition=condition, values=values, error=AsRead())

    # Disputes

    def dispute(self, settlement_id: str, dispute_id: str) -> Dispute | None:
        """A dispute."""
        item = self.dynamodb.get(*self._dispute_key(settlement_id, dispute_id))
        return dispute_from(item) if item else None

    def disputes(self, statement: Statement) -> list[Dispute]:
        """The disputes of a statement, the oldest first."""
        items = self._all([self._dispute_key(statement.settlement_id, each) for each in statement.disputes])
        return sorted(map(dispute_from, items), key=lambda each: each.opened_at)

    def add_dispute(self, session: Session, dispute: Dispute) -> None:
        """A new dispute; Made or IdempotencyKeyReused when its id stands."""
        session.put(
            self.table, dispute_item(dispute), unless="entry", error=Stands(body_hash=dispute.body_hash)
        )

    def put_resolved(self, session: Session, dispute: Dispute, before: str) -> None:
        """Write a dispute over one whose status was ``before``."""
        session.put(
            self.table,
            dispute_item(dispute),
            condition="#status = :before",
            values={":before": before},
            names={"#status": "status"},
            error=AsRead(),
        )

    # Keys

    def used(self, key_id: str) -> str | None:
        """The body's hash of the request that used this key; None when none did."""
        item = self.dynamodb.get(*self._key(f"key:{key_id}", "key"))
        return str(item["body_hash"]) if item else None

    def add_key(self, session: Session, key_id: str, body_hash: str) -> None:
        """Keep a request's key; Made or IdempotencyKeyReused when it was used."""
        item = {"owner": f"key:{key_id}", "entry": "key", "body_hash": body_hash}
        session.put(self.table, item, unless="entry", error=Stands(body_hash=body_hash))

    # Inside

    def _add(
        self, session: Session, key: Key, tally: Tally, about: Mapping[str, Any], *, closed: bool = False
    ) -> None:
        names = {"#dues": "dues", "#pieces": "pieces", "#fen": "fen"} | {f"#{name}": name for name in about}
        values: Item = {":dues": tally.dues, ":pieces": tally.pieces, ":fen": tally.fen}
        values |= {f":{name}": value for name, value in about.items()}
        expression = "ADD #dues :dues, #pieces :pieces, #fen :fen"
        if about:
            expression += " SET " + ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in about)
        session.update(
            self.table,
            key.key,
            expression,
            values,
            names=names,
            condition="attribute_not_exists(closed)" if closed else None,
            error=SettlementClosed() if closed else None,
        )

    def _all(self, keys: list[Key]) -> list[Item]:
        found: list[Item] = []
        for first in range(0, len(keys), READS_MAX):
            found += [item for item in self.dynamodb.get_all(keys[first : first + READS_MAX]) if item]
        return found

    def _key(self, owner: str, entry: str) -> Key:
        return Key(self.table, {"owner": owner, "entry": entry})

    def _settlement_key(self, settlement_id: str) -> Key:
        return self._key(f"settlement:{settlement_id}", "settlement")

    def _dispute_key(self, settlement_id: str, dispute_id: str) -> Key:
        return self._key(f"settlement:{settlement_id}", f"D#{dispute_id}")


def _owner_of(settlement_id: str) -> tuple[str, str]:
    return "owner", f"settlement:{settlement_id}"


def opened_at(now: datetime, settlement_id: str) -> str:
    """What a settlement is listed by."""
    return ids.derived_id(now, settlement_id)


def _listed(last: Item | None) -> dict[str, str] | None:
    return {"id": last["owner"].partition(":")[2], "opened": last["opened"]} if last else None


def _line_entry(line: Line) -> str:
    return f"L#{line.merchant_id}#{line.reward_id}#{line.budget_id}#{line.fen_each}"


def _tally(item: Item) -> Tally:
    return Tally(item.get("dues", 0), item.get("pieces", 0), item.get("fen", 0))


def _text(at: datetime | None) -> str:
    return clock.to_text(at) if at else ""


def _time(text: str) -> datetime | None:
    return clock.from_text(text) if text else None


def budget_from(item: Item) -> Budget:
    """The budget of an item."""
    return Budget(
        id=item["owner"].partition(":")[2],
        programme_id=item["programme"],
        sponsor=item["sponsor"],
        funded_fen=item.get("funded", 0),
        withdrawn_fen=item.get("withdrawn", 0),
        adjusted_fen=item.get("adjusted", 0),
        settled_fen=item.get("settled", 0),
        version=item["v"],
    )


def funding_item(funding: Funding) -> Item:
    """The item of a funding."""
    return {
        "owner": f"budget:{funding.budget_id}",
        "entry": f"F#{funding.id}",
        "kind": funding.kind,
        "fen": funding.fen,
        "reference": funding.reference,
        "proposed_by": funding.proposed_by,
        "proposed_at": clock.to_text(funding.proposed_at),
        "body_hash": funding.body_hash,
        "status": funding.status,
        "approved_by": funding.approved_by,
        "approved_at": _text(funding.approved_at),
        "transfer_id": funding.transfer_id,
        "rejected_by": funding.rejected_by,
    }


def funding_from(item: Item) -> Funding:
    """The funding of an item."""
    return Funding(
        id=item["entry"][2:],
        budget_id=item["owner"].partition(":")[2],
        kind=item["kind"],
        fen=item["fen"],
        reference=item["reference"],
        proposed_by=item["proposed_by"],
        proposed_at=clock.from_text(item["proposed_at"]),
        body_hash=item["body_hash"],
        status=item["status"],
        approved_by=item["approved_by"],
        approved_at=_time(item["approved_at"]),
        transfer_id=item["transfer_id"],
        rejected_by=item.get("rejected_by", ""),
    )


def settlement_item(settlement: Settlement) -> Item:
    """The item of a settlement."""
    return {
        "owner": f"settlement:{settlement.id}",
        "entry": "settlement",
        "programme_id": settlement.programme_id,
        "opened": settlement.opened,
        "until": clock.to_text(settlement.until),
        "opened_by": settlement.opened_by,
        "opened_at": clock.to_text(settlement.opened_at),
        "body_hash": settlement.body_hash,
        "status": settlement.status,
        "computed_at": _text(settlement.computed_at),
        "hash": settlement.hash,
        "revision": settlement.revision,
        "approvals": [[each.by, clock.to_text(each.at)] for each in settlement.approvals],
        "approved_revision": settlement.approved_revision,
        "round": settlement.round,
        "held": settlement.held,
        "merchants": settlement.merchants,
        "dues": settlement.dues,
        "pieces": settlement.pieces,
        "fen": settlement.fen,
        "adjusted_fen": settlement.adjusted_fen,
        "v": settlement.version,
        **({"stopped": True} if settlement.stopped else {}),
    }


def settlement_from(item: Item) -> Settlement:
    """The settlement of an item."""
    return Settlement(
        id=item["owner"].partition(":")[2],
        programme_id=item["programme_id"],
        until=clock.from_text(item["until"]),
        opened_by=item["opened_by"],
        opened_at=clock.from_text(item["opened_at"]),
        body_hash=item["body_hash"],
        status=item["status"],
        opened=item["opened"],
        computed_at=_time(item["computed_at"]),
        hash=item["hash"],
        revision=item["revision"],
        approvals=tuple(Approval(by, clock.from_text(at)) for by, at in item["approvals"]),
        approved_revision=item["approved_revision"],
        round=item["round"],
        held=item["held"],
        merchants=item["merchants"],
        dues=item["dues"],
        pieces=item["pieces"],
        fen=item["fen"],
        adjusted_fen=item["adjusted_fen"],
        stopped=item.get("stopped", False),
        version=item["v"],
    )


def line_from(item: Item) -> Line:
    """The line of an item."""
    return Line(
        item["merchant"], item["reward_id"], item["budget_id"], item["fen_each"], item["title"], _tally(item)
    )


def statement_item(statement: Statement) -> Item:
    """The item of a statement that was summed up."""
    item: Item = {
        "owner": f"settlement:{statement.settlement_id}",
        "entry": f"M#{statement.merchant_id}",
        "merchant_id": statement.merchant_id,
        "programme": statement.programme_id,
        "until": clock.to_text(statement.until),
        "opened": statement.opened,
        "dues": statement.tally.dues,
        "pieces": statement.tally.pieces,
        "fen": statement.tally.fen,
        "status": statement.status,
        "revision": statement.revision,
        "posted": statement.posted,
        "adjustments": [
            [each.dispute_id, each.budget_id, each.fen, each.reason, each.reward_id, _text(each.at)]
            for each in statement.adjustments
        ],
        "disputes": list(statement.disputes),
        "dispute_id": statement.dispute_id,
        "before": statement.before,
        "reason_code": statement.reason_code,
    }
    if statement.payment:
        item["payment"] = payment_item(statement.payment)
    return item


def statement_from(item: Item) -> Statement:
    """The statement of an item; one that only the shards have written is as they left it."""
    counted = Statement(
        settlement_id=item["owner"].partition(":")[2],
        merchant_id=item["merchant_id"],
        programme_id=item["programme"],
        until=clock.from_text(item["until"]),
        tally=_tally(item),
        opened=item["opened"],
    )
    if "v" not in item:
        return counted
    return Statement(
        **{name: getattr(counted, name) for name in _COUNTED},
        status=item["status"],
        revision=item["revision"],
        posted=item["posted"],
        adjustments=tuple(
            Adjustment(dispute_id, budget_id, fen, reason, reward_id, _time(at))
            for dispute_id, budget_id, fen, reason, reward_id, at in item["adjustments"]
        ),
        disputes=tuple(item["disputes"]),
        dispute_id=item["dispute_id"],
        before=item["before"],
        reason_code=item["reason_code"],
        payment=payment_from(item["payment"]) if "payment" in item else None,
        version=item["v"],
    )


_COUNTED = ("settlement_id", "merchant_id", "programme_id", "until", "tally", "opened")


def payment_item(payment: Payment) -> Item:
    """A payment, inside its statement's item."""
    return {
        "id": payment.id,
        "fen": payment.fen,
        "reference": payment.reference,
        "paid_at": clock.to_text(payment.paid_at),
        "recorded_by": payment.recorded_by,
        "recorded_at": clock.to_text(payment.recorded_at),
        "transfer_id": payment.transfer_id,
    }


def payment_from(item: Mapping[str, Any]) -> Payment:
    """The payment inside a statement's item."""
    return Payment(
        id=item["id"],
        fen=item["fen"],
        reference=item["reference"],
        paid_at=clock.from_text(item["paid_at"]),
        recorded_by=item["recorded_by"],
        recorded_at=clock.from_text(item["recorded_at"]),
        transfer_id=item["transfer_id"],
    )


def dispute_item(dispute: Dispute) -> Item:
    """The item of a dispute."""
    return {
        "owner": f"settlement:{dispute.settlement_id}",
        "entry": f"D#{dispute.id}",
        "merchant": dispute.merchant_id,
        "text": dispute.text,
        "claimed_fen": dispute.claimed_fen,
        "opened_by": dispute.opened_by,
        "opened_at": clock.to_text(dispute.opened_at),
        "body_hash": dispute.body_hash,
        "status": dispute.status,
        "note": dispute.note,
        "resolved_by": dispute.resolved_by,
        "resolved_at": _text(dispute.resolved_at),
        "resolution_hash": dispute.resolution_hash,
    }


def dispute_from(item: Item) -> Dispute:
    """The dispute of an item."""
    return Dispute(
        id=item["entry"][2:],
        settlement_id=item["owner"].partition(":")[2],
        merchant_id=item["merchant"],
        text=item["text"],
        claimed_fen=item["claimed_fen"],
        opened_by=item["opened_by"],
        opened_at=clock.from_text(item["opened_at"]),
        body_hash=item["body_hash"],
        status=item["status"],
        note=item["note"],
        resolved_by=item["resolved_by"],
        resolved_at=_time(item["resolved_at"]),
        resolution_hash=item["resolution_hash"],
    )
