"""A merchant's statement in a settlement: what it owes, the transfers that it becomes, its payment.

States of a statement:

| state    | who moves it there                       | operation                                   | what is seen |
|----------|------------------------------------------|---------------------------------------------|--------------|
| computed | the shards; an upheld dispute            | `claim_payables`; `resolve_dispute`             | `computed`; `approved` once two people approved its revision |
| posting  | the workflow, some transfers are made    | `post_statements`                           | `approved`; `reason_code` when a budget is short |
| posted   | the workflow, all transfers are made     | `post_statements`                           | the merchant is owed the total |
| disputed | the merchant's owner or manager          | `open_dispute`, from computed or posted     | `dispute_id`; it is neither posted nor paid |
| (before) | who resolves the dispute, rejecting it   | `resolve_dispute`                           | the state before the dispute |
| paid     | an operator, from posted                 | `record_payment`                            | `payment`; final |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from puhui.kernel import clock, ids
from puhui.ledger.api import Leg, Transfer
from puhui.settlement.accounts import ASSET, account_of, bank, committed_account, merchant_account
from puhui.settlement.errors import (
    DisputesExhausted,
    NothingToPay,
    PaymentDiffers,
    PaymentInFuture,
    StatementBeingPosted,
    StatementDisputed,
    StatementNotPosted,
    StatementPaid,
)

COMPUTED, POSTING, POSTED, DISPUTED, PAID = "computed", "posting", "posted", "disputed", "paid"
REWARDS_PER_TRANSFER = 19  # and one leg for the merchant: a transfer has 20
DISPUTES_MAX = 5


@dataclass(frozen=True)
class Tally:
    """How many payables, pieces and fen."""

    payables: int = 0
    pieces: int = 0
    fen: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.payables + other.payables, self.pieces + other.pieces, self.fen + other.fen)


@dataclass(frozen=True)
class Line:
    """What one merchant gave of one reward, paid by one budget at one price: ``fen`` is ``pieces`` times ``fen_each``."""

    merchant_id: str
    reward_id: str
    budget_id: str
    fen_each: int
    title: Mapping[str, str]
    payables: int = 0
    pieces: int = 0
    fen: int = 0

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What distinguishes it from other lines."""
        return self.merchant_id, self.reward_id, self.budget_id, self.fen_each

    @property
    def tally(self) -> Tally:
        """Its sums."""
        return Tally(self.payables, self.pieces, self.fen)


@dataclass(frozen=True)
class Adjustment:
    """More (or, below zero, less) for the merchant, from (to) the sponsor's budget."""

    dispute_id: str
    budget_id: str
    fen: int
    reason: str
    reward_id: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Payment:
    """The operator paid the statement's total to the merchant, outside of this system."""

    id: str
    fen: int
    reference: str
    paid_at: datetime
    recorded_by: str
    recorded_at: datetime
    transfer_id: str


@dataclass(frozen=True)
class Statement:
    """What one settlement owes one merchant. ``revision``: of the settlement when the statement last changed; ``posted``: how many
    of its transfers are made; ``before``: its status before the dispute; ``dispute_id``: the open dispute."""

    settlement_id: str
    merchant_id: str
    programme_id: str
    until: datetime
    payables: int = 0
    pieces: int = 0
    fen: int = 0
    status: str = COMPUTED
    opened: str = ""
    revision: int = 0
    posted: int = 0
    adjustments: tuple[Adjustment, ...] = ()
    disputes: tuple[str, ...] = ()
    dispute_id: str = ""
    before: str = ""
    reason_code: str = ""
    payment: Payment | None = None
    version: int = field(default=0, compare=False)

    @property
    def tally(self) -> Tally:
        """What its lines add up to."""
        return Tally(self.payables, self.pieces, self.fen)

    @property
    def adjusted_fen(self) -> int:
        """What disputes changed."""
        return sum(each.fen for each in self.adjustments)

    @property
    def total_fen(self) -> int:
        """What the merchant gets."""
        return self.fen + self.adjusted_fen


def require_disputable(statement: Statement) -> None:
    """Raise StatementPaid, StatementDisputed, StatementBeingPosted or DisputesExhausted unless it can be disputed now."""
    if statement.status == PAID:
        raise StatementPaid
    if statement.status == DISPUTED:
        raise StatementDisputed
    if statement.status == POSTING:
        raise StatementBeingPosted
    if len(statement.disputes) >= DISPUTES_MAX:
        raise DisputesExhausted(most=DISPUTES_MAX)


# Posting


def transfers_of(
    statement: Statement, lines: Iterable[Line], computed_at: datetime, now: datetime
) -> list[Transfer]:
    """All transfers of the statement, always in the same order: what is settled, at most 19 rewards a transfer, then one for each
    resolution that changed something. A later resolution only adds to the end."""
    by_reward: dict[str, int] = {}
    for line in lines:
        if line.fen:
            by_reward[line.reward_id] = by_reward.get(line.reward_id, 0) + line.fen
    rewards = sorted(by_reward)
    account, where = merchant_account(statement.merchant_id), (statement.settlement_id, statement.merchant_id)
    found = []
    for chunk, first in enumerate(range(0, len(rewards), REWARDS_PER_TRANSFER)):
        part = {each: by_reward[each] for each in rewards[first : first + REWARDS_PER_TRANSFER]}
        legs = [Leg(committed_account(reward_id), ASSET, -fen) for reward_id, fen in part.items()]
        transfer_id = ids.derived_id(computed_at, *where, "settle", str(chunk))
        legs.append(Leg(account, ASSET, sum(part.values())))
        found.append(Transfer(transfer_id, "settle", now, tuple(legs), statement.settlement_id))
    resolved = dict.fromkeys(each.dispute_id for each in statement.adjustments)
    adjusting = [_adjusting_transfer(statement, each, computed_at, now) for each in resolved]
    return found + [transfer for transfer in adjusting if transfer]


def _adjusting_transfer(
    statement: Statement, dispute_id: str, computed_at: datetime, now: datetime
) -> Transfer | None:
    nets: dict[str, int] = {}
    for each in statement.adjustments:
        if each.dispute_id == dispute_id:
            account = account_of(each.budget_id)
            nets[account] = nets.get(account, 0) - each.fen
    account = merchant_account(statement.merchant_id)
    nets[account] = -sum(nets.values())
    legs = tuple(Leg(account, ASSET, fen) for account, fen in nets.items() if fen)
    if not legs:
        return None
    transfer_id = ids.derived_id(
        computed_at, statement.settlement_id, statement.merchant_id, "adjust", dispute_id
    )
    return Transfer(transfer_id, "adjust", now, legs, statement.settlement_id)


def budget_sums(transfers: Iterable[Transfer], payers: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """What these transfers add to each budget's sums, by its id: {settled_fen, adjusted_fen} (below zero: put back).
    ``payers``: the budget of each reward."""
    found: dict[str, dict[str, int]] = {}
    for transfer in transfers:
        for leg in transfer.legs:
            kind, _, owner = leg.account.partition(":")
            if transfer.kind == "adjust" and kind == "budget":
                name, budget_id = "adjusted_fen", owner
            elif transfer.kind == "settle" and kind == "committed":
                name, budget_id = "settled_fen", payers[owner]
            else:
                continue
            sums = found.setdefault(budget_id, {})
            sums[name] = sums.get(name, 0) - leg.amount
    changed = {budget: {name: fen for name, fen in sums.items() if fen} for budget, sums in found.items()}
    return {budget_id: sums for budget_id, sums in changed.items() if sums}


# Payment


def require_payable(statement: Statement, fen: int, paid_at: datetime, now: datetime) -> None:
    """Raise StatementPaid, StatementDisputed, StatementNotPosted, NothingToPay, PaymentDiffers or PaymentInFuture unless
    this can be paid now."""
    if statement.status == PAID:
        raise StatementPaid
    if statement.status == DISPUTED:
        raise StatementDisputed
    if statement.status != POSTED:
        raise StatementNotPosted
    if statement.total_fen == 0:
        raise NothingToPay
    if fen != statement.total_fen:
        raise PaymentDiffers(total_fen=statement.total_fen)
    if paid_at > now + clock.CLOCK_SKEW:
        raise PaymentInFuture


def payment_transfer(statement: Statement, payment: Payment, now: datetime) -> Transfer:
    """The transfer of a payment: what the merchant was owed leaves through the bank."""
    legs = (
        Leg(merchant_account(statement.merchant_id), ASSET, -payment.fen),
        Leg(bank(statement.programme_id), ASSET, payment.fen),
    )
    return Transfer(payment.transfer_id, "pay", now, legs, statement.settlement_id)
