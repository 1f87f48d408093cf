"""Name a budget, fund it, withdraw from it. One person proposes a funding, another one approves it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.quantities import positive
from puhui.ledger.api import Ledger, balance_from
from puhui.programmes.api import programme
from puhui.settlement.accounts import ASSET, account_of
from puhui.settlement.budgets.model import (
    FUND,
    Budget,
    Funding,
    approve_funding,
    funding_transfer,
    reject_funding,
)
from puhui.settlement.budgets.repository import BUDGET, FUNDING
from puhui.settlement.budgets.views import budget_body, funding_body
from puhui.settlement.errors import (
    BudgetIdTaken,
    BudgetNotFound,
    BudgetOfAnotherProgramme,
)
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext
from puhui.store.conditions import AlreadyExists
from puhui.store.session import Session, attempt


def put_budget(
    budget_id: str, programme_id: str, sponsor: Mapping[str, str], *, repositories: Repositories
) -> Budget:
    """Create a sponsor's budget or rename its sponsor. Its programme never changes; repeating changes nothing.

    Raises ProgrammeNotFound, BudgetIdTaken.
    """
    programme(programme_id)
    budgets = repositories.budgets

    def build(session: Session) -> Budget:
        before = budgets.get(budget_id)
        if before is None:
            budgets.put(session, created := Budget(budget_id, programme_id, dict(sponsor)))
            return created
        if before.programme_id != programme_id:
            raise BudgetIdTaken(programme_id=before.programme_id)
        if dict(before.sponsor) == dict(sponsor):
            return before
        budgets.put(session, renamed := replace(before, sponsor=dict(sponsor)))
        return renamed

    return attempt(repositories.dynamodb, build)


def get_budget(budget_id: str, *, repositories: Repositories, ledger: Ledger) -> dict[str, Any]:
    """The contract's ``Budget`` with its balance and fundings. Raises BudgetNotFound."""
    account, budgets = account_of(budget_id), repositories.budgets
    item, balance = repositories.dynamodb.get_all(
        [budgets.key(budget_id), ledger.balance_key(account, ASSET)]
    )
    if item is None:
        raise BudgetNotFound
    left = balance_from(account, ASSET, balance).amounts.get("fen", 0)
    fundings = [funding_body(each) for each in budgets.fundings(budget_id)]
    return budget_body(BUDGET.read(item), left) | {"fundings": fundings}


def require_programme(budget_id: str, programme_id: str, *, repositories: Repositories) -> None:
    """Raise BudgetNotFound, BudgetOfAnotherProgramme unless the budget pays for this programme. No budget ("") is allowed."""
    if not budget_id:
        return
    budget = repositories.budgets.find(budget_id)
    if budget.programme_id != programme_id:
        raise BudgetOfAnotherProgramme(budget_id=budget_id, programme_id=budget.programme_id)


def propose_funding(
    budget_id: str,
    kind: str,
    fen: int,
    reference: str,
    request: RequestContext,
    *,
    repositories: Repositories,
) -> Funding:
    """Propose that a sponsor's money came in or goes back. No money moves before another person approves.

    Raises BudgetNotFound, ProposalsWaiting, IdempotencyKeyReused.
    """
    repositories.budgets.find(budget_id)
    funding = Funding(
        id=request.id("propose_funding", budget_id),
        budget_id=budget_id,
        kind=kind,
        fen=positive(fen),
        reference=reference,
        proposed_by=request.member_id,
        proposed_at=request.now,
        body_hash=request.body_hash,
    )

    def build(session: Session) -> None:
        repositories.budgets.add_funding(session, funding)
        repositories.budgets.add_proposal(session, budget_id)

    try:
        attempt(repositories.dynamodb, build)
    except AlreadyExists as first:
        return FUNDING.read(first.details["item"])
    return funding


def approve(
    budget_id: str,
    funding_id: str,
    approver: str,
    *,
    repositories: Repositories,
    ledger: Ledger,
    now: datetime,
) -> Funding:
    """Approve a funding: its status, the budget's sums and the ledger's transfer in one transaction.

    Raises BudgetNotFound, FundingNotFound, ProposerMayNotApprove, FundingClosed, NotEnoughMoney (for a withdrawal).
    """
    budget = repositories.budgets.find(budget_id)

    def build(session: Session) -> Funding:
        before = repositories.budgets.find_funding(budget_id, funding_id)
        approved = approve_funding(before, approver, now)
        if approved is not before:
            repositories.budgets.put_decided(session, approved)
            sum_name = "funded_fen" if approved.kind == FUND else "withdrawn_fen"
            repositories.budgets.add_sums(session, budget_id, **{sum_name: approved.fen}, proposals=-1)
            transfer = funding_transfer(approved, budget, now)
            ledger.add(session, [transfer], {}, clock.programme_day(now))
        return approved

    return attempt(repositories.dynamodb, build)


def reject(budget_id: str, funding_id: str, member_id: str, *, repositories: Repositories) -> Funding:
    """Reject a proposal; the proposer may do so, too. No money moves. Raises FundingNotFound, FundingClosed."""

    def build(session: Session) -> Funding:
        before = repositories.budgets.find_funding(budget_id, funding_id)
        rejected = reject_funding(before, member_id)
        if rejected is not before:
            repositories.budgets.put_decided(session, rejected)
            repositories.budgets.add_sums(session, budget_id, proposals=-1)
        return rejected

    return attempt(repositories.dynamodb, build)
