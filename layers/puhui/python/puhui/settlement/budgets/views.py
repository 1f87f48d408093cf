"""Budgets and fundings in the shapes of the contract."""

from typing import Any

from puhui.kernel import clock
from puhui.settlement.budgets.model import Budget, Funding


def budget_body(budget: Budget, left: int) -> dict[str, Any]:
    """The contract's ``Budget``. ``left``: the balance of its account."""
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


def funding_body(funding: Funding) -> dict[str, Any]:
    """The contract's ``Funding``."""
    body: dict[str, Any] = {
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
        body |= {
            "approved_by": funding.approved_by,
            "approved_at": clock.to_text(funding.approved_at),
            "transfer_id": funding.transfer_id,
        }
    return body | ({"rejected_by": funding.rejected_by} if funding.rejected_by else {})
