"""What settling is about, as pure values and rules: budgets and their funding, settlements, statements and their lines,
disputes and adjustments, and the transfers that all of it becomes.

Money is fen of the asset CNY. A sponsor's money waits in ``budget:<budget>``, is set aside for a reward's pieces in
``committed:<reward>``, becomes the merchant's in ``merchant:<merchant>`` and leaves through ``bank:<programme>``.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from datetime import datetime, timedelta

from puhui.kernel import clock, documents, ids
from puhui.kernel.quantities import amount, positive
from puhui.ledger.api import Leg, Transfer
from puhui.rewards.api import Payable
from puhui.settlement.errors import (
    AdjustmentInvalid,
    DecisionInvalid,
    FundingClosed,
    NothingToPay,
    PaymentDiffers,
    PaymentInFuture,
    ProposerMayNotApprove,
    SettlementApproved,
    SettlementChanged,
    SettlementEmpty,
    SettlementNotComputed,
    SettlementTooEarly,
    StatementDisputed,
    StatementNotPosted,
    StatementPaid,
)

ASSET = "CNY"
FUND, WITHDRAW = "fund", "withdraw"
PROPOSED, APPROVED = "proposed", "approved"
COMPUTING, COMPUTED, EMPTY, POSTED = (
    "computing",
    "computed",
    "empty",
    "posted",
)  # of a settlement; APPROVED, too
DISPUTED, POSTING, PAID = "disputed", "posting", "paid"  # of a statement; COMPUTED and POSTED, too
OPEN, UPHELD, REJECTED = "open", "upheld", "rejected"
UPHOLD, REJECT = "uphold", "reject"
SHARDS = 8  # how many work through a programme's merchants side by side
APPROVALS = 2
REWARDS_PER_TRANSFER = 19  # and one leg for the merchant: a transfer has 20
DISPUTES_MAX = 5
PROPOSALS_MAX = 20  # of one budget that nobody has approved yet
ADJUSTMENTS_MAX = 10  # of one resolution, so that they fit into one transfer
NOBODY = "schedule"  # who opened what the calendar opens


@dataclass(frozen=True)
class By:
    """Who asks, when, and under which idempotency key (None: without one) for which body."""

    member_id: str
    now: datetime
    key: str | None = None
    body_hash: str = ""

    def id(self, *parts: str) -> str:
        """The id of what the request makes: the same for the same key, whenever it comes."""
        return ids.key_id(self.member_id, *parts, self.key) if self.key else ids.new_id(self.now)


# Budgets


@dataclass(frozen=True)
class Budget:
    """A sponsor's money in one programme. What is left of it is the ledger's balance of ``account``; the sums here are what
    came in, went back, was settled and was paid for adjustments, so that the rest is what is set aside for rewards."""

    id: str
    programme_id: str
    sponsor: Mapping[str, str]
    funded_fen: int = 0
    withdrawn_fen: int = 0
    adjusted_fen: int = 0
    settled_fen: int = 0
    version: int = field(default=0, compare=False)

    @property
    def account(self) -> str:
        """The budget's account in the ledger."""
        return account_of(self.id)

    def committed_fen(self, left: int) -> int:
        """What is set aside for pieces of rewards that are not settled, when ``left`` is what is left."""
        return self.funded_fen - self.withdrawn_fen - self.settled_fen - self.adjusted_fen - left


@dataclass(frozen=True)
class Funding:
    """Money that a sponsor paid in (``fund``) or that goes back to it (``withdraw``): proposed by one person, approved by
    another, or turned down by anybody who may approve. ``reference``: what the bank's statement calls it."""

    id: str
    budget_id: str
    kind: str
    fen: int
    reference: str
    proposed_by: str
    proposed_at: datetime
    body_hash: str = ""
    status: str = PROPOSED
    approved_by: str = ""
    approved_at: datetime | None = None
    transfer_id: str = ""
    rejected_by: str = ""


def account_of(budget_id: str) -> str:
    """A budget's account."""
    return f"budget:{budget_id}"


def merchant_account(merchant_id: str) -> str:
    """What a merchant is owed: approved and not yet paid."""
    return f"merchant:{merchant_id}"


def bank(programme_id: str) -> str:
    """The world outside, as a programme's operator meets it at the bank."""
    return f"bank:{programme_id}"


def approve_funding(funding: Funding, approver: str, now: datetime) -> Funding:
    """The funding, approved; as it stands for who approved it before. Raises ProposerMayNotApprove, FundingClosed."""
    if funding.proposed_by == approver:
        raise ProposerMayNotApprove
    if funding.status != PROPOSED:
        if funding.approved_by == approver:
            return funding
        raise FundingClosed
    transfer_id = ids.derived_id(now, funding.id, funding.kind)
    return replace(funding, status=APPROVED, approved_by=approver, approved_at=now, transfer_id=transfer_id)


def reject_funding(funding: Funding, by: str) -> Funding:
    """The funding, turned down; as it stands for who did so before. Raises FundingClosed."""
    if funding.status != PROPOSED:
        if funding.rejected_by == by:
            return funding
        raise FundingClosed
    return replace(funding, status=REJECTED, rejected_by=by)


def funding_transfer(funding: Funding, budget: Budget, now: datetime) -> Transfer:
    """The transfer of an approved funding: ``fund`` into the budget, ``unfund`` out of it."""
    sign, kind = (1, "fund") if funding.kind == FUND else (-1, "unfund")
    legs = (
        Leg(bank(budget.programme_id), ASSET, -sign * funding.fen),
        Leg(budget.account, ASSET, sign * positive(funding.fen)),
    )
    return Transfer(funding.transfer_id, kind, now, legs, funding.id)


# Settlements


@dataclass(frozen=True)
class Approval:
    """Somebody approved the settlement as it was then."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Settlement:
    """Everything a programme's merchants verified before ``until`` and that no settlement had claimed.

    ``revision`` counts the resolutions that changed what is paid, ``hash`` stands for the dues and all of them;
    ``approvals`` are of this revision, ``approved_revision`` is the last one that two people approved (-1: none).
    ``round``: how often posting was started; ``held``: statements that the last round could not post. ``stopped``: computing or
    posting stopped on an error; whoever asks for it again, by opening or approving, starts it again.
    """

    id: str
    programme_id: str
    until: datetime
    opened_by: str
    opened_at: datetime
    body_hash: str = ""
    status: str = COMPUTING
    opened: str = ""  # a ULID of the moment of opening: the order of lists
    computed_at: datetime | None = None
    hash: str = ""
    revision: int = 0
    approvals: tuple[Approval, ...] = ()
    approved_revision: int = -1
    round: int = 0
    held: int = 0
    merchants: int = 0
    dues: int = 0
    pieces: int = 0
    fen: int = 0
    adjusted_fen: int = 0
    stopped: bool = False
    version: int = field(default=1, compare=False)

    @property
    def total_fen(self) -> int:
        """What the merchants get in all."""
        return self.fen + self.adjusted_fen


@dataclass(frozen=True)
class Tally:
    """How many dues, pieces and fen."""

    dues: int = 0
    pieces: int = 0
    fen: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.dues + other.dues, self.pieces + other.pieces, self.fen + other.fen)


@dataclass(frozen=True)
class Line:
    """What one merchant gave of one reward, paid by one budget at one price: ``fen`` is ``pieces`` times ``fen_each``."""

    merchant_id: str
    reward_id: str
    budget_id: str
    fen_each: int
    title: Mapping[str, str]
    tally: Tally

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What makes it a line of its own."""
        return self.merchant_id, self.reward_id, self.budget_id, self.fen_each


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
    """The statement's total was paid to the merchant outside of here."""

    id: str
    fen: int
    reference: str
    paid_at: datetime
    recorded_by: str
    recorded_at: datetime
    transfer_id: str


@dataclass(frozen=True)
class Statement:
    """What one settlement owes one merchant. ``revision``: of the settlement when it last changed; ``posted``: how many of
    its transfers stand; ``before``: its status before it was disputed; ``dispute_id``: the dispute that is open."""

    settlement_id: str
    merchant_id: str
    programme_id: str
    until: datetime
    tally: Tally
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
    def adjusted_fen(self) -> int:
        """What disputes changed."""
        return sum(each.fen for each in self.adjustments)

    @property
    def total_fen(self) -> int:
        """What the merchant gets."""
        return self.tally.fen + self.adjusted_fen


@dataclass(frozen=True)
class Dispute:
    """A merchant says that its statement is wrong; ``claimed_fen``: what it says the total should be."""

    id: str
    settlement_id: str
    merchant_id: str
    text: str
    claimed_fen: int | None
    opened_by: str
    opened_at: datetime
    body_hash: str = ""
    status: str = OPEN
    note: str = ""
    resolved_by: str = ""
    resolved_at: datetime | None = None
    resolution_hash: str = ""


def latest(until: datetime, now: datetime, lag_seconds: int) -> datetime:
    """``until`` in whole seconds, or the last moment before which every due can be seen by now where that is earlier: up to now is
    up to then. Raise SettlementTooEarly when it is later than any clock may run ahead (``clock.CLOCK_SKEW``)."""
    if until > now + clock.CLOCK_SKEW:
        raise SettlementTooEarly(minutes=clock.CLOCK_SKEW // timedelta(minutes=1))
    return min(until, now - timedelta(seconds=lag_seconds)).replace(microsecond=0)


def shard_of(merchant_id: str) -> int:
    """Which of the SHARDS works through this merchant."""
    return zlib.crc32(merchant_id.encode()) % SHARDS


@dataclass
class Summing:
    """A settlement, added up: its lines in the order of their keys, then the dues they consist of, by merchant, the oldest
    first. Sums, merchants, and the hash of it all."""

    settlement: InitVar[Settlement]
    tally: Tally = Tally()
    merchants: int = 0
    _last: str = ""
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __post_init__(self, settlement: Settlement) -> None:
        self._tell(settlement.id, settlement.programme_id, clock.to_text(settlement.until))

    def add(self, line: Line) -> None:
        """Add the next line."""
        self.tally += line.tally
        if line.merchant_id != self._last:
            self.merchants, self._last = self.merchants + 1, line.merchant_id
        self._tell(*line.key, line.tally.dues, line.tally.pieces, line.tally.fen)

    def add_due(self, due: Payable) -> None:
        """Add the next due of the lines."""
        self._tell(due.merchant_id, due.id, due.reward_id, due.budget_id, due.fen, due.pieces)

    def _tell(self, *values: str | int) -> None:
        self._digest.update(documents.canonical(list(values)).encode() + b"\n")

    @property
    def hash(self) -> str:
        """SHA-256 over lines of canonical JSON: [settlement, programme, until], then [merchant, reward, budget, fen each, dues,
        pieces, fen] of each line, then [merchant, due, reward, budget, fen each, pieces] of each due."""
        return self._digest.hexdigest()


def computed(settlement: Settlement, summing: Summing, parts: Tally, now: datetime) -> Settlement:
    """The settlement, summed up. Raises ArithmeticError when its lines are not what its shards counted."""
    if summing.tally != parts:
        raise ArithmeticError("the lines of the settlement are not what its shards counted")
    return replace(
        settlement,
        status=COMPUTED if parts.dues else EMPTY,
        stopped=False,
        computed_at=now,
        hash=summing.hash,
        merchants=summing.merchants,
        dues=parts.dues,
        pieces=parts.pieces,
        fen=parts.fen,
    )


def approve(settlement: Settlement, approver: str, read_hash: str, now: datetime) -> Settlement:
    """The settlement with one more approval; with the second it is approved. As it stands for who approved it before.

    Raises SettlementNotComputed, SettlementEmpty, SettlementChanged, SettlementApproved.
    """
    if settlement.status == COMPUTING:
        raise SettlementNotComputed
    if settlement.status == EMPTY:
        raise SettlementEmpty
    if settlement.hash != read_hash:
        raise SettlementChanged
    if any(each.by == approver for each in settlement.approvals):
        return settlement
    if len(settlement.approvals) >= APPROVALS:
        raise SettlementApproved
    approvals = (*settlement.approvals, Approval(approver, now))
    if len(approvals) < APPROVALS:
        return replace(settlement, approvals=approvals)
    return replace(
        settlement,
        approvals=approvals,
        status=APPROVED,
        approved_revision=settlement.revision,
        round=settlement.round + 1,
        held=0,
    )


def stopped(settlement: Settlement) -> Settlement:
    """The settlement after its computing or posting stopped on an error; as it stands where nothing was under way."""
    return replace(settlement, stopped=settlement.status in (COMPUTING, APPROVED))


def posting_name(settlement: Settlement) -> str:
    """What the execution that posts this round is called."""
    return f"{settlement.id}-{settlement.round}"


def may_be_posted(statement: Statement, settlement: Settlement) -> bool:
    """Whether two people approved the statement as it is, and nobody disputes it."""
    return statement.status in (COMPUTED, POSTING) and statement.revision <= settlement.approved_revision


def released(settlement: Settlement) -> Settlement:
    """The settlement after a statement of it became free to be posted as two people approved it: posting starts once more."""
    status = APPROVED if settlement.status == POSTED else settlement.status
    return replace(settlement, status=status, round=settlement.round + 1)


# Posting


def transfers_of(
    statement: Statement, lines: Iterable[Line], computed_at: datetime, now: datetime
) -> list[Transfer]:
    """Every transfer that the statement becomes, in an order that never changes: what is settled, at most 19 rewards a
    transfer, then one for each resolution that changed something. More resolutions only add to its end."""
    by_reward: dict[str, int] = {}
    for line in lines:
        if line.tally.fen:
            by_reward[line.reward_id] = by_reward.get(line.reward_id, 0) + line.tally.fen
    rewards = sorted(by_reward)
    account, where = merchant_account(statement.merchant_id), (statement.settlement_id, statement.merchant_id)
    found = []
    for chunk, first in enumerate(range(0, len(rewards), REWARDS_PER_TRANSFER)):
        part = {each: by_reward[each] for each in rewards[first : first + REWARDS_PER_TRANSFER]}
        legs = [Leg(f"committed:{reward_id}", ASSET, -fen) for reward_id, fen in part.items()]
        transfer_id = ids.derived_id(computed_at, *where, "settle", str(chunk))
        legs.append(Leg(account, ASSET, sum(part.values())))
        found.append(Transfer(transfer_id, "settle", now, tuple(legs), statement.settlement_id))
    resolved = dict.fromkeys(each.dispute_id for each in statement.adjustments)
    adjusting = [_adjusting(statement, each, computed_at, now) for each in resolved]
    return found + [transfer for transfer in adjusting if transfer]


def _adjusting(
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


def paying_budgets(transfers: Iterable[Transfer], payers: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """What these transfers settle and adjust at each budget's cost, by its id: {settled, adjusted} (below zero: put back).
    ``payers``: whose money each reward's is."""
    taken: dict[str, dict[str, int]] = {}
    for transfer in transfers:
        for leg in transfer.legs:
            kind, _, owner = leg.account.partition(":")
            if transfer.kind == "adjust" and kind == "budget":
                name, budget_id = "adjusted", owner
            elif transfer.kind == "settle" and kind == "committed":
                name, budget_id = "settled", payers[owner]
            else:
                continue
            sums = taken.setdefault(budget_id, {})
            sums[name] = sums.get(name, 0) - leg.amount
    found = {budget: {name: fen for name, fen in sums.items() if fen} for budget, sums in taken.items()}
    return {budget_id: sums for budget_id, sums in found.items() if sums}


# Payment


def require_payable(statement: Statement, fen: int, paid_at: datetime, now: datetime) -> None:
    """Raise StatementPaid, StatementDisputed, StatementNotPosted, NothingToPay, PaymentDiffers or PaymentInFuture unless
    this is what can be paid now."""
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


def paying(statement: Statement, payment: Payment, now: datetime) -> Transfer:
    """The transfer of a payment: what the merchant was owed leaves through the bank."""
    legs = (
        Leg(merchant_account(statement.merchant_id), ASSET, -payment.fen),
        Leg(bank(statement.programme_id), ASSET, payment.fen),
    )
    return Transfer(payment.transfer_id, "pay", now, legs, statement.settlement_id)


# Disputes


@dataclass(frozen=True)
class Wanted:
    """An adjustment as it is asked for: of a line's reward, or straight from a budget."""

    fen: int
    reason: str
    reward_id: str = ""
    budget_id: str = ""


@dataclass(frozen=True)
class Resolution:
    """How a dispute ends."""

    decision: str
    adjustments: tuple[Wanted, ...]
    note: str


def require_decision(resolution: Resolution) -> None:
    """Raise DecisionInvalid unless there are adjustments exactly where the dispute is upheld."""
    if (resolution.decision == UPHOLD) != bool(resolution.adjustments):
        raise DecisionInvalid


def adjustments_of(
    dispute_id: str,
    resolution: Resolution,
    statement: Statement,
    lines: Iterable[Line],
    budgets: Mapping[str, Budget],
    now: datetime,
) -> tuple[Adjustment, ...]:
    """The adjustments of a resolution, each with the budget that pays. ``budgets``: those that it names. A reward's is the
    budget of its line. Raises AdjustmentInvalid."""
    payers: dict[str, str] = {}
    for line in lines:
        if line.budget_id:
            payers[line.reward_id] = line.budget_id
    found = []
    for position, each in enumerate(resolution.adjustments, 1):
        if bool(each.reward_id) == bool(each.budget_id):
            raise _wrong(position, "name a reward or a budget, not both", "须写明奖品或预算之一")
        if amount(each.fen) == 0:
            raise _wrong(position, "nothing is adjusted by 0 fen", "调整金额不能为零")
        budget_id = each.budget_id or payers.get(each.reward_id, "")
        if not budget_id:
            raise _wrong(
                position, "no sponsor pays for this reward in the statement", "对账单中没有赞助方为该奖品付款"
            )
        if each.budget_id:
            budget = budgets.get(budget_id)
            if budget is None or budget.programme_id != statement.programme_id:
                raise _wrong(position, "the programme has no such budget", "项目没有这个预算")
        found.append(Adjustment(dispute_id, budget_id, each.fen, each.reason, each.reward_id, now))
    if statement.total_fen + sum(each.fen for each in found) < 0:
        raise _wrong(len(found), "the statement's total would be below zero", "对账单合计会小于零")
    return tuple(found)


def _wrong(position: int, rule: str, rule_zh: str) -> AdjustmentInvalid:
    return AdjustmentInvalid(position=position, rule=rule, rule_zh=rule_zh)


def changed(
    settlement: Settlement, adjustments: Sequence[Adjustment], merchant_id: str, by: str, now: datetime
) -> Settlement:
    """The settlement after a resolution that changes what is paid: a new hash, to be approved.

    Where two people approved everything before it, who resolved it is the first of two; where a change before it still waits,
    which who resolved this one need not have read, both are still to come.
    """
    told = [[each.dispute_id, merchant_id, each.budget_id, each.reward_id, each.fen] for each in adjustments]
    content = f"{settlement.hash}\n{documents.canonical(told)}"
    approved_before = settlement.approved_revision == settlement.revision
    return replace(
        settlement,
        status=COMPUTED,
        hash=hashlib.sha256(content.encode()).hexdigest(),
        revision=settlement.revision + 1,
        approvals=(Approval(by, now),) if approved_before else (),
        adjusted_fen=settlement.adjusted_fen + sum(each.fen for each in adjustments),
    )
