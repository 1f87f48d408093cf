"""Sponsors' budgets: two people let money in and out; what is left is the ledger's balance."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.quantities import positive
from puhui.ledger.api import Ledger, balance_from
from puhui.programmes.api import programme
from puhui.settlement.dynamo import Settlements, budget_from
from puhui.settlement.errors import (
    BudgetIdTaken,
    BudgetNotFound,
    BudgetOfAnotherProgramme,
    FundingNotFound,
    Made,
)
from puhui.settlement.model import (
    ASSET,
    FUND,
    PROPOSED,
    Budget,
    By,
    Funding,
    account_of,
    approve_funding,
    funding_transfer,
    reject_funding,
)
from puhui.store.session import Session, attempt


def put_budget(
    budget_id: str, programme_id: str, sponsor: Mapping[str, str], *, settlements: Settlements
) -> Budget:
    """Name a sponsor's budget, or name the sponsor anew; its programme never changes. The same again changes nothing.

    Raises ProgrammeNotFound, BudgetIdTaken.
    """
    programme(programme_id)

    def build(session: Session) -> Budget:
        standing = settlements.budget(budget_id)
        if standing is None:
            settlements.put_budget(session, wanted := Budget(budget_id, programme_id, dict(sponsor)))
            return wanted
        if standing.programme_id != programme_id:
            raise BudgetIdTaken(programme_id=standing.programme_id)
        if dict(standing.sponsor) == dict(sponsor):
            return standing
        settlements.put_budget(session, changed := replace(standing, sponsor=dict(sponsor)))
        return changed

    return attempt(settlements.dynamodb, build)


def get_budget(budget_id: str, *, settlements: Settlements, ledger: Ledger) -> dict[str, Any]:
    """The contract's ``Budget``, what is left of it, and its fundings. Raises BudgetNotFound."""
    account = account_of(budget_id)
    item, held = settlements.dynamodb.get_all(
        [settlements.budget_key(budget_id), ledger.balance_key(account, ASSET)]
    )
    if item is None:
        raise BudgetNotFound
    left = balance_from(account, ASSET, held).amounts.get("fen", 0)
    fundings = [funding_shown(each) for each in settlements.fundings(budget_id)]
    return shown(budget_from(item), left) | {"fundings": fundings}


def find(budget_id: str, settlements: Settlements) -> Budget:
    """A budget. Raises BudgetNotFound."""
    if (budget := settlements.budget(budget_id)) is None:
        raise BudgetNotFound
    return budget


def require_programme(budget_id: str, programme_id: str, *, settlements: Settlements) -> None:
    """Raise BudgetNotFound, BudgetOfAnotherProgramme unless the budget pays for this programme; no budget pays for any."""
    if not budget_id:
        return
    budget = find(budget_id, settlements)
    if budget.programme_id != programme_id:
        raise BudgetOfAnotherProgramme(budget_id=budget_id, programme_id=budget.programme_id)


def propose_funding(
    budget_id: str, kind: str, fen: int, reference: str, by: By, *, settlements: Settlements
) -> Funding:
    """Say that a sponsor's money came in, or shall go back. Nothing moves before somebody else approves it.

    Raises BudgetNotFound, ProposalsWaiting, IdempotencyKeyReused.
    """
    find(budget_id, settlements)
    funding = Funding(
        id=by.id("propose_funding", budget_id),
        budget_id=budget_id,
        kind=kind,
        fen=positive(fen),
        reference=reference,
        proposed_by=by.member_id,
        proposed_at=by.now,
        body_hash=by.body_hash,
    )

    def build(session: Session) -> None:
        settlements.add_funding(session, funding)
        settlements.add_proposal(session, budget_id)

    try:
        attempt(settlements.dynamodb, build)
    except Made:
        return find_funding(budget_id, funding.id, settlements)
    return funding


def find_funding(budget_id: str, funding_id: str, settlements: Settlements) -> Funding:
    """A funding. Raises FundingNotFound."""
    if (funding := settlements.funding(budget_id, funding_id)) is None:
        raise FundingNotFound
    return funding


def approve(
    budget_id: str,
    funding_id: str,
    approver: str,
    *,
    settlements: Settlements,
    ledger: Ledger,
    now: datetime,
) -> Funding:
    """Approve a funding: status, the budget's sums and the ledger's transfer in one transaction.

    Raises BudgetNotFound, FundingNotFound, ProposerMayNotApprove, FundingClosed, NotEnoughMoney (less is left than shall go
    back).
    """
    budget = find(budget_id, settlements)

    def build(session: Session) -> Funding:
        standing = find_funding(budget_id, funding_id, settlements)
        approved = approve_funding(standing, approver, now)
        if approved is not standing:
            settlements.put_decided(session, approved, PROPOSED)
            name = "funded" if approved.kind == FUND else "withdrawn"
            settlements.add_to_budget(session, budget_id, **{name: approved.fen}, proposals=-1)
            transfer = funding_transfer(approved, budget, now)
            ledger.add(session, [transfer], {}, clock.programme_day(now))
        return approved

    return attempt(settlements.dynamodb, build)


def reject(budget_id: str, funding_id: str, by: str, *, settlements: Settlements) -> Funding:
    """Turn a proposal down; whoever made it may do so, too. Nothing moves. Raises FundingNotFound, FundingClosed."""

    def build(session: Session) -> Funding:
        standing = find_funding(budget_id, funding_id, settlements)
        rejected = reject_funding(standing, by)
        if rejected is not standing:
            settlements.put_decided(session, rejected, PROPOSED)
            settlements.add_to_budget(session, budget_id, proposals=-1)
        return rejected

    return attempt(settlements.dynamodb, build)


def shown(budget: Budget, left: int) -> dict[str, Any]:
    """The contract's ``Budget``: ``committed_fen`` is set aside for pieces of rewards that are not settled yet."""
    return {
        "id": budget.id,
        "programme_id": budget.programme_id,
        "sponsor": dict(budget.sponsor),
        "funded_fen": budget.funded_fen,
        "withdrawn_fen": budget.withdrawn_fen,
        "committed_fen": budget.committed_fen(left),
        "settled_fen": budget.settled_fen,
        "adjusted_fen": budget.adjusted_fen,
        "left_fen": left,
    }


def funding_shown(funding: Funding) -> dict[str, Any]:
    """The contract's ``Funding``."""
    told: dict[str, Any] = {
        "id": funding.id,
        "budget_id": funding.budget_id,
        "kind": funding.kind,
        "fen": funding.fen,
        "reference": funding.reference,
        "status": funding.status,
        "proposed_by": funding.proposed_by,
        "proposed_at": clock.to_text(funding.proposed_at),
    }
    if funding.approved_at:
        told |= {
            "approved_by": funding.approved_by,
            "approved_at": clock.to_text(funding.approved_at),
            "transfer_id": funding.transfer_id,
        }
    return told | ({"rejected_by": funding.rejected_by} if funding.rejected_by else {})
