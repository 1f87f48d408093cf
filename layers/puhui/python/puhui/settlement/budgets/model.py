"""A sponsor's budget and its fundings.

States of a funding:

| state    | who moves it there             | operation         | what is seen |
|----------|--------------------------------|-------------------|--------------|
| proposed | an operator                    | `propose_funding` | one of up to 20 open proposals; no money has moved |
| approved | another operator               | `approve_funding` | `approved_by`, `approved_at`, `transfer_id`; the budget's sums changed |
| rejected | any operator, the proposer too | `reject_funding`  | `rejected_by`; no money moves |

`approved` and `rejected` are final. The same person's same decision again changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from puhui.kernel import approvals, ids
from puhui.kernel.approvals import Approval
from puhui.kernel.quantities import positive
from puhui.ledger.api import Leg, Transfer
from puhui.settlement.accounts import ASSET, account_of, bank
from puhui.settlement.errors import FundingClosed, ProposerMayNotApprove

FUND = "fund"
PROPOSED, APPROVED, REJECTED = "proposed", "approved", "rejected"
PROPOSALS_MAX = 20  # open proposals of one budget


@dataclass(frozen=True)
class Budget:
    """A sponsor's money in one programme. What is left is the ledger's balance of ``account``; the sums count what came in, went
    back, was settled and was paid for adjustments."""

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
        """What is reserved for pieces of rewards that are not settled, when ``left`` is the balance."""
        return self.funded_fen - self.withdrawn_fen - self.settled_fen - self.adjusted_fen - left


@dataclass(frozen=True)
class Funding:
    """Money that a sponsor paid in (``fund``) or that goes back to it (``withdraw``). ``reference``: the bank's name for it."""

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


def approve_funding(funding: Funding, approver: str, now: datetime) -> Funding:
    """The approved funding; unchanged for who approved it before. Raises ProposerMayNotApprove, FundingClosed."""
    before = (Approval(funding.approved_by, funding.approved_at),) if funding.approved_at else ()
    given = approvals.approve(
        before,
        approver,
        now,
        authors=[funding.proposed_by],
        own=ProposerMayNotApprove(),
        closed=FundingClosed(),
        is_open=funding.status == PROPOSED,
    )
    if given is before:
        return funding
    transfer_id = ids.derived_id(now, funding.id, funding.kind)
    return replace(funding, status=APPROVED, approved_by=approver, approved_at=now, transfer_id=transfer_id)


def reject_funding(funding: Funding, member_id: str) -> Funding:
    """The rejected funding; unchanged for who rejected it before. Raises FundingClosed."""
    if funding.status != PROPOSED:
        if funding.rejected_by == member_id:
            return funding
        raise FundingClosed
    return replace(funding, status=REJECTED, rejected_by=member_id)


def funding_transfer(funding: Funding, budget: Budget, now: datetime) -> Transfer:
    """The transfer of an approved funding: ``fund`` into the budget, ``unfund`` out of it."""
    sign, kind = (1, "fund") if funding.kind == FUND else (-1, "unfund")
    legs = (
        Leg(bank(budget.programme_id), ASSET, -sign * funding.fen),
        Leg(budget.account, ASSET, sign * positive(funding.fen)),
    )
    return Transfer(funding.transfer_id, kind, now, legs, funding.id)
