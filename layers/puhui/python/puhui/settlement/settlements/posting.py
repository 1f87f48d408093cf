"""Post an approved settlement by shards: its statements become transfers. Every step may run twice or die anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from puhui.kernel import clock
from puhui.ledger.api import Ledger, NotEnough, Transfer
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements import model
from puhui.settlement.settlements.model import APPROVED, Settlement, shard_of
from puhui.settlement.statements.model import COMPUTED, PAID, POSTED, POSTING, budget_sums, transfers_of
from puhui.store.session import Session, attempt

POSTING_ITEMS_MAX = 100  # items of a transaction


def post_shard(
    settlement_id: str, shard: int, *, repositories: Repositories, ledger: Ledger, now: datetime
) -> int:
    """Post the approved and undisputed statements of one shard's merchants; how many of the shard are posted now."""
    return sum(
        _post_statement(settlement_id, each.merchant_id, repositories=repositories, ledger=ledger, now=now)
        for each in repositories.statements.of_settlement(settlement_id)
        if shard_of(each.merchant_id) == shard
    )


def _post_statement(
    settlement_id: str, merchant_id: str, *, repositories: Repositories, ledger: Ledger, now: datetime
) -> bool:
    """Post one statement as two people approved it, some transfers a transaction; whether it is posted.

    The statement counts its transfers, and each transaction is conditional on the count that was read: a second worker goes on
    where the first one is. When a budget is short of an adjustment the statement keeps its state and gets a ``reason_code``.
    """
    lines = list(repositories.statements.lines(settlement_id, merchant_id))
    payers = {line.reward_id: line.budget_id for line in lines if line.fen}

    def step(session: Session) -> bool | None:
        settlement = repositories.settlements.find(settlement_id)
        statement = repositories.statements.find(settlement_id, merchant_id)
        if not settlement.may_post(statement) or settlement.computed_at is None:
            return statement.status in (POSTED, PAID)
        transfers = transfers_of(statement, lines, settlement.computed_at, now)
        group = _group(transfers[statement.posted :], payers, ledger, now)
        count = statement.posted + len(group)
        done = count == len(transfers)
        repositories.statements.put(
            session, replace(statement, status=POSTED if done else POSTING, posted=count, reason_code="")
        )
        for budget_id, sums in budget_sums(group, payers).items():
            repositories.budgets.add_sums(session, budget_id, **sums)
        ledger.add(session, group, {}, clock.programme_day(now))
        return True if done else None

    try:
        while (posted := attempt(repositories.dynamodb, step)) is None:
            pass
    except NotEnough as short:
        _record_reason(settlement_id, merchant_id, short.code, repositories)
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
        items += len(alone.actions) + len(budget_sums([each], payers))
        if group and items > POSTING_ITEMS_MAX:
            break
        group.append(each)
    return group


def _record_reason(
    settlement_id: str, merchant_id: str, reason_code: str, repositories: Repositories
) -> None:
    def build(session: Session) -> None:
        statement = repositories.statements.find(settlement_id, merchant_id)
        if statement.status in (COMPUTED, POSTING):
            repositories.statements.put(session, replace(statement, reason_code=reason_code))

    attempt(repositories.dynamodb, build)


def close_posting(settlement_id: str, *, repositories: Repositories) -> Settlement:
    """End a round of posting. While statements are held (a budget is short, a dispute was rejected meanwhile) the settlement remains
    ``approved``, and an approver who approves again starts another round.

    Whatever allows a statement to be posted changes the settlement's version, so none is missed between counting and writing.
    """

    def build(session: Session) -> Settlement:
        before = repositories.settlements.find(settlement_id)
        if before.status != APPROVED:
            return before
        held = sum(before.may_post(each) for each in repositories.statements.of_settlement(settlement_id))
        after = model.after_posting(before, held)
        repositories.settlements.put(session, after)
        return after

    return attempt(repositories.dynamodb, build)
