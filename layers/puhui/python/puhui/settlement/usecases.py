"""A settlement's life: opened, computed by shards, approved by two people, posted, paid. Every step may run twice.

open -> claim_shard (once a shard) -> close -> approve, approve -> post_shard (once a shard) -> close_posting -> record_payment
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from puhui.kernel import clock, ids
from puhui.kernel.errors import DomainError, IdempotencyKeyReused
from puhui.ledger.api import Ledger, NotEnough, Transfer
from puhui.merchants.api import Merchants
from puhui.programmes.api import programme
from puhui.rewards.api import PAYABLE_SHARDS, Payable, PayableClaimed, Rewards
from puhui.settlement import model
from puhui.settlement.dues import claimed_dues
from puhui.settlement.dynamo import READS_MAX, Settlements, opened_at
from puhui.settlement.errors import (
    ApproverIsStaff,
    Made,
    SettlementNotComputed,
    SettlementNotFound,
    StatementNotFound,
)
from puhui.settlement.model import (
    APPROVED,
    COMPUTED,
    COMPUTING,
    NOBODY,
    PAID,
    POSTED,
    POSTING,
    SHARDS,
    By,
    Line,
    Payment,
    Settlement,
    Statement,
    Summing,
    Tally,
)
from puhui.store.client import Key
from puhui.store.session import Session, attempt

DUES_PER_CLAIM = 20  # with their lines at most 42 of the 100 items of a transaction
POSTING_ITEMS_MAX = 100  # items of a transaction


class Staffs(Protocol):
    """Who works where: ``Merchants``."""

    def memberships_of(self, member_id: str) -> Sequence[Any]: ...
    def gone_key(self, merchant_id: str, member_id: str) -> Key: ...


@dataclass(frozen=True)
class Books:
    """What computing a settlement reads and writes."""

    settlements: Settlements
    rewards: Rewards
    merchants: Merchants


def open_settlement(
    programme_id: str, until: datetime, by: By, *, lag_seconds: int, settlements: Settlements
) -> Settlement:
    """Open a settlement of everything that was verified before ``until`` (``model.latest``); the caller starts the workflow.

    Raises ProgrammeNotFound, SettlementTooEarly, IdempotencyKeyReused.
    """
    programme(programme_id)
    until = model.latest(until, by.now, lag_seconds)
    settlement_id = by.id("open_settlement")
    settlement = Settlement(
        id=settlement_id,
        programme_id=programme_id,
        until=until,
        opened_by=by.member_id,
        opened_at=by.now.replace(microsecond=0),
        body_hash=by.body_hash,
        opened=opened_at(by.now, settlement_id),
    )
    try:
        attempt(settlements.dynamodb, lambda session: settlements.add_settlement(session, settlement))
    except Made:
        return find(settlement_id, settlements)
    return settlement


def open_month(programme_id: str, now: datetime, *, lag_seconds: int, settlements: Settlements) -> Settlement:
    """The settlement that the calendar opens on the first of a month in China, of what was verified before it. Once a month."""
    first = clock.programme_day(now).replace(day=1)
    by = By(NOBODY, now, f"{programme_id} {first:%Y-%m}", f"{first:%Y-%m}")
    return open_settlement(
        programme_id, clock.day_start(first), by, lag_seconds=lag_seconds, settlements=settlements
    )


def find(settlement_id: str, settlements: Settlements) -> Settlement:
    """A settlement. Raises SettlementNotFound."""
    if (found := settlements.settlement(settlement_id)) is None:
        raise SettlementNotFound
    return found


def find_computed(settlement_id: str, settlements: Settlements) -> Settlement:
    """A settlement whose sums stand. Raises SettlementNotFound, SettlementNotComputed."""
    if (found := find(settlement_id, settlements)).status == COMPUTING:
        raise SettlementNotComputed
    return found


def find_statement(settlement_id: str, merchant_id: str, settlements: Settlements) -> Statement:
    """A merchant's statement. Raises StatementNotFound."""
    if (found := settlements.statement(settlement_id, merchant_id)) is None:
        raise StatementNotFound
    return found


def shards_of(settlement_id: str) -> list[dict[str, Any]]:
    """What the state machine works through: the merchants by shard."""
    return [{"id": settlement_id, "shard": shard} for shard in range(SHARDS)]


# Computing


def claim_shard(settlement_id: str, shard: int, *, books: Books) -> int:
    """Claim what is due to the merchants of one shard; how many dues. Claimed ones are never claimed again, so that it may
    run twice, die half-way, or run beside another settlement's. Raises SettlementNotFound, SettlementClosed."""
    settlement = find(settlement_id, books.settlements)
    if settlement.status != COMPUTING:
        return 0
    merchants = _merchants(settlement.programme_id, books.merchants)
    return sum(
        _claim_merchant(settlement, merchant_id, shard, books)
        for merchant_id in merchants
        if model.shard_of(merchant_id) == shard
    )


def _merchants(programme_id: str, merchants: Merchants) -> Iterator[str]:
    start = None
    while True:
        found, start = merchants.merchants_of_programme(programme_id, start=start)
        yield from found
        if start is None:
            return


def _claim_merchant(settlement: Settlement, merchant_id: str, shard: int, books: Books) -> int:
    titles: dict[str, dict[str, str]] = {}
    claimed = 0
    for due_shard in range(PAYABLE_SHARDS):
        start = None
        while True:
            page, start = books.rewards.payables.unsettled(
                merchant_id, due_shard, settlement.until, DUES_PER_CLAIM, start
            )
            wanted = [due for due in page if due.programme_id == settlement.programme_id]
            _learn_titles(titles, wanted, books.rewards)
            claimed += _claim(settlement, shard, wanted, titles, books)
            if start is None:
                break
    return claimed


def _learn_titles(titles: dict[str, dict[str, str]], dues: Iterable[Payable], rewards: Rewards) -> None:
    missing = list(dict.fromkeys(due.reward_id for due in dues if due.reward_id not in titles))
    if missing:
        found = rewards.catalogue.rewards(missing)
        titles |= {each: dict(found[each].title) if each in found else {} for each in missing}


def _claim(
    settlement: Settlement, shard: int, dues: list[Payable], titles: dict[str, dict[str, str]], books: Books
) -> int:
    """Claim these dues together; where somebody has one of them already, one by one."""
    if not dues:
        return 0

    def build(session: Session) -> int:
        lines = lines_of(dues, titles)
        books.settlements.count(session, settlement, shard, dues[0].merchant_id, lines)
        for due in dues:
            books.rewards.payables.add_claim(session, due, settlement.id)
        return len(dues)

    try:
        return attempt(books.settlements.dynamodb, build)
    except PayableClaimed:
        if len(dues) == 1:
            return 0
        return sum(_claim(settlement, shard, [due], titles, books) for due in dues)


def lines_of(dues: Iterable[Payable], titles: dict[str, dict[str, str]]) -> list[Line]:
    """The lines that these dues are, one a merchant, reward, budget and price."""
    tallies: dict[tuple[str, str, str, int], Tally] = {}
    for due in dues:
        key = (due.merchant_id, due.reward_id, due.budget_id, due.fen)
        tallies[key] = tallies.get(key, Tally()) + Tally(1, due.pieces, due.pieces * due.fen)
    return [Line(*key, title=titles.get(key[1], {}), tally=tally) for key, tally in tallies.items()]


def close(settlement_id: str, *, settlements: Settlements, rewards: Rewards, now: datetime) -> Settlement:
    """Sum up: nothing is added any more. Doing it again changes nothing.

    Raises SettlementNotFound, ArithmeticError, and Unavailable while the index of dues shows others than were claimed.
    """
    settlement = find(settlement_id, settlements)
    if settlement.status != COMPUTING:
        return settlement
    parts = settlements.close_parts(settlement_id)
    summing = Summing(settlement)
    for line in settlements.lines(settlement_id):
        summing.add(line)
    for statement in settlements.all_statements(settlement_id):
        for due in claimed_dues(statement, rewards):
            summing.add_due(due)

    def build(session: Session) -> Settlement:
        standing = find(settlement_id, settlements)
        if standing.status != COMPUTING:
            return standing
        settlements.put_settlement(session, done := model.computed(standing, summing, parts, now))
        return done

    return attempt(settlements.dynamodb, build)


def stop(settlement_id: str, *, settlements: Settlements) -> Settlement:
    """Write that computing or posting stopped on an error. Raises SettlementNotFound."""

    def build(session: Session) -> Settlement:
        standing = find(settlement_id, settlements)
        if (after := model.stopped(standing)) != standing:
            settlements.put_settlement(session, after)
        return after

    return attempt(settlements.dynamodb, build)


# Approving and posting


def require_outsider(settlement_id: str, member_id: str, *, settlements: Settlements, staffs: Staffs) -> None:
    """Raise ApproverIsStaff when the member works, or ever worked, for a merchant that has a statement in the settlement.

    The places they have are asked for first: whoever leaves one in between has left it by the second question.
    """
    places = [each.merchant_id for each in staffs.memberships_of(member_id)]
    merchants = (each.merchant_id for each in settlements.all_statements(settlement_id))
    mine = settlements.merchants_in(settlement_id, places)
    while not mine and (some := list(islice(merchants, READS_MAX))):
        gone = settlements.dynamodb.get_all([staffs.gone_key(each, member_id) for each in some])
        mine = [each for each, item in zip(some, gone, strict=True) if item]
    if mine:
        raise ApproverIsStaff(merchant_id=mine[0])


def approve(
    settlement_id: str, read_hash: str, by: By, *, settlements: Settlements, staffs: Staffs
) -> Settlement:
    """Approve what was read. The second of two people approves for good; the caller then starts the posting.

    Raises SettlementNotFound, ApproverIsStaff, IdempotencyKeyReused and what ``model.approve`` raises.
    """
    key = key_of("approve_settlement", settlement_id, by)
    if is_done(key, by, settlements):
        return find(settlement_id, settlements)
    require_outsider(settlement_id, by.member_id, settlements=settlements, staffs=staffs)

    def build(session: Session) -> Settlement:
        standing = find(settlement_id, settlements)
        after = model.approve(standing, by.member_id, read_hash, by.now)
        if after is not standing:
            if key:
                settlements.add_key(session, key, by.body_hash)
            settlements.put_settlement(session, after)
        return after

    try:
        return attempt(settlements.dynamodb, build)
    except DomainError:  # Made; or a twin of the request, and what came after it
        if not is_done(key, by, settlements):
            raise
        return find(settlement_id, settlements)


def key_of(verb: str, settlement_id: str, by: By) -> str:
    """What a request's key is kept under; empty without one."""
    return ids.key_id(verb, settlement_id, by.member_id, by.key) if by.key else ""


def is_done(key: str, by: By, settlements: Settlements) -> bool:
    """Whether what is asked for under this key was done. Raise IdempotencyKeyReused when the key was used for another body."""
    used = settlements.used(key) if key else None
    if used not in (None, by.body_hash):
        raise IdempotencyKeyReused
    return used is not None


def post_shard(
    settlement_id: str, shard: int, *, settlements: Settlements, ledger: Ledger, now: datetime
) -> int:
    """Post the approved statements of one shard's merchants that nobody disputes; how many stand posted now."""
    return sum(
        post_statement(settlement_id, each.merchant_id, settlements=settlements, ledger=ledger, now=now)
        for each in settlements.all_statements(settlement_id)
        if model.shard_of(each.merchant_id) == shard
    )


def post_statement(
    settlement_id: str, merchant_id: str, *, settlements: Settlements, ledger: Ledger, now: datetime
) -> bool:
    """Post what two people approved of one statement, some transfers a transaction; whether it stands posted.

    The statement counts its transfers, and each transaction is made on the count that was read, so that whoever comes
    second goes on where the first one is. A budget that is short of an adjustment leaves the statement as it is, with the
    reason.
    """
    lines = list(settlements.lines(settlement_id, merchant_id))
    payers = {line.reward_id: line.budget_id for line in lines if line.tally.fen}

    def step(session: Session) -> bool | None:
        settlement = find(settlement_id, settlements)
        statement = find_statement(settlement_id, merchant_id, settlements)
        if not model.may_be_posted(statement, settlement) or settlement.computed_at is None:
            return statement.status in (POSTED, PAID)
        transfers = model.transfers_of(statement, lines, settlement.computed_at, now)
        group = _group(transfers[statement.posted :], payers, ledger, now)
        count = statement.posted + len(group)
        done = count == len(transfers)
        settlements.put_statement(
            session,
            replace(statement, status=POSTED if done else POSTING, posted=count, reason_code=""),
        )
        for budget_id, sums in model.paying_budgets(group, payers).items():
            settlements.add_to_budget(session, budget_id, **sums)
        ledger.add(session, group, {}, clock.programme_day(now))
        return True if done else None

    try:
        while (posted := attempt(settlements.dynamodb, step)) is None:
            pass
    except NotEnough as short:
        _hold(settlement_id, merchant_id, short.code, settlements)
        return False
    return posted


def _group(
    transfers: Sequence[Transfer], payers: Mapping[str, str], ledger: Ledger, now: datetime
) -> list[Transfer]:
    """The first of the transfers, as many as one transaction takes with the statement and the budgets' sums."""
    group: list[Transfer] = []
    items = 1  # the statement
    for each in transfers:
        alone = Session(ledger.dynamodb)
        ledger.add(alone, [each], {}, clock.programme_day(now))
        items += len(alone.actions) + len(model.paying_budgets([each], payers))
        if group and items > POSTING_ITEMS_MAX:
            break
        group.append(each)
    return group


def _hold(settlement_id: str, merchant_id: str, reason_code: str, settlements: Settlements) -> None:
    """Note why a statement could not be posted."""

    def build(session: Session) -> None:
        statement = find_statement(settlement_id, merchant_id, settlements)
        if statement.status in (COMPUTED, POSTING):
            settlements.put_statement(session, replace(statement, reason_code=reason_code))

    attempt(settlements.dynamodb, build)


def close_posting(settlement_id: str, *, settlements: Settlements) -> Settlement:
    """Say whether all is posted that may be. What is not (a budget is short, a dispute was rejected meanwhile) stays held: the
    settlement stays approved, and whoever approved it may have the posting tried again by approving once more.

    Whatever lets a statement be posted changes the settlement's version: nothing is missed between counting and writing.
    """

    def build(session: Session) -> Settlement:
        standing = find(settlement_id, settlements)
        if standing.status != APPROVED:
            return standing
        held = sum(model.may_be_posted(each, standing) for each in settlements.all_statements(settlement_id))
        after = (
            replace(standing, held=held, round=standing.round + 1, stopped=False)
            if held
            else replace(standing, held=0, status=POSTED, stopped=False)
        )
        settlements.put_settlement(session, after)
        return after

    return attempt(settlements.dynamodb, build)


# Payment


def record_payment(
    settlement_id: str,
    merchant_id: str,
    fen: int,
    reference: str,
    paid_at: datetime,
    by: By,
    *,
    settlements: Settlements,
    ledger: Ledger,
) -> Statement:
    """A posted statement was paid, in full and once. The same request again gives the first answer.

    Raises SettlementNotFound, StatementNotFound, IdempotencyKeyReused, NotEnoughMoney and what ``require_payable`` raises.
    """
    find(settlement_id, settlements)
    key = key_of("record_payment", settlement_id, by)

    def build(session: Session) -> Statement:
        done = is_done(key, by, settlements)
        statement = find_statement(settlement_id, merchant_id, settlements)
        if done:
            return statement
        model.require_payable(statement, fen, paid_at, by.now)
        transfer_id = ids.derived_id(by.now, settlement_id, merchant_id, "pay")
        payment = Payment(key or transfer_id, fen, reference, paid_at, by.member_id, by.now, transfer_id)
        if key:
            settlements.add_key(session, key, by.body_hash)
        paid = replace(statement, status=PAID, payment=payment)
        settlements.put_statement(session, paid)
        ledger.add(session, [model.paying(paid, payment, by.now)], {}, clock.programme_day(by.now))
        return paid

    try:
        return attempt(settlements.dynamodb, build)
    except Made:
        return find_statement(settlement_id, merchant_id, settlements)
