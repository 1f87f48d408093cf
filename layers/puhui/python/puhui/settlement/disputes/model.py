"""A dispute about a statement, its resolution, and the adjustments that come of it.

States of a dispute:

| state    | who moves it there                              | operation         | what is seen |
|----------|-------------------------------------------------|-------------------|--------------|
| open     | the merchant's owner or manager                 | `open_dispute`    | the statement is `disputed` |
| upheld   | who never was on the staff of a merchant in the settlement and did not open it | `resolve_dispute` | `note`; adjustments; the settlement has a new hash to approve |
| rejected | the same                                        | `resolve_dispute` | `note`; the statement is as it was before |

`upheld` and `rejected` are final.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from puhui.kernel.quantities import amount
from puhui.settlement.budgets.model import Budget
from puhui.settlement.errors import AdjustmentInvalid, DecisionInvalid, DisputeResolved
from puhui.settlement.request import RequestContext
from puhui.settlement.statements.model import COMPUTED, DISPUTED, Adjustment, Line, Statement

OPEN, UPHELD, REJECTED = "open", "upheld", "rejected"
UPHOLD = "uphold"


@dataclass(frozen=True)
class Dispute:
    """A merchant says that its statement is wrong; ``claimed_fen``: what it says the total should be."""

    id: str
    settlement_id: str
    merchant_id: str
    text: str
    opened_by: str
    opened_at: datetime
    claimed_fen: int | None = None
    body_hash: str = ""
    status: str = OPEN
    note: str = ""
    resolved_by: str = ""
    resolved_at: datetime | None = None
    resolution_hash: str = ""


@dataclass(frozen=True)
class ProposedAdjustment:
    """An adjustment as the resolver writes it: of a line's reward, or straight from a budget."""

    fen: int
    reason: str
    reward_id: str = ""
    budget_id: str = ""


@dataclass(frozen=True)
class Resolution:
    """How a dispute ends."""

    decision: str
    adjustments: tuple[ProposedAdjustment, ...]
    note: str


def require_decision(resolution: Resolution) -> None:
    """Raise DecisionInvalid unless there are adjustments exactly where the dispute is upheld."""
    if (resolution.decision == UPHOLD) != bool(resolution.adjustments):
        raise DecisionInvalid


def require_same_resolution(dispute: Dispute, request: RequestContext) -> None:
    """Raise DisputeResolved unless the same person resolved it in the same way."""
    if (dispute.resolved_by, dispute.resolution_hash) != (request.member_id, request.body_hash):
        raise DisputeResolved


def resolved(dispute: Dispute, resolution: Resolution, request: RequestContext) -> Dispute:
    """The dispute after its resolution."""
    return replace(
        dispute,
        status=UPHELD if resolution.decision == UPHOLD else REJECTED,
        note=resolution.note,
        resolved_by=request.member_id,
        resolved_at=request.now,
        resolution_hash=request.body_hash,
    )


# What a dispute makes of its statement


def disputed(statement: Statement, dispute_id: str) -> Statement:
    """The statement while it is disputed."""
    return replace(
        statement,
        status=DISPUTED,
        before=statement.status,
        dispute_id=dispute_id,
        disputes=(*statement.disputes, dispute_id),
    )


def as_before(statement: Statement) -> Statement:
    """The statement after its dispute was rejected."""
    return replace(statement, status=statement.before, before="", dispute_id="")


def adjusted(statement: Statement, adjustments: tuple[Adjustment, ...], revision: int) -> Statement:
    """The statement after its dispute was upheld."""
    return replace(
        statement,
        status=COMPUTED,
        before="",
        dispute_id="",
        reason_code="",
        revision=revision,
        adjustments=(*statement.adjustments, *adjustments),
    )


def adjustments_of(
    dispute_id: str,
    resolution: Resolution,
    statement: Statement,
    lines: Iterable[Line],
    budgets: Mapping[str, Budget],
    now: datetime,
) -> tuple[Adjustment, ...]:
    """The adjustments of a resolution, each with the budget that pays: the named one of ``budgets``, or that of the reward's line.

    Raises AdjustmentInvalid.
    """
    payers = {line.reward_id: line.budget_id for line in lines if line.budget_id}
    found = []
    for position, each in enumerate(resolution.adjustments, 1):
        if bool(each.reward_id) == bool(each.budget_id):
            raise _invalid(position, "name a reward or a budget, not both", "须写明奖品或预算之一")
        if amount(each.fen) == 0:
            raise _invalid(position, "nothing is adjusted by 0 fen", "调整金额不能为零")
        budget_id = each.budget_id or payers.get(each.reward_id, "")
        if not budget_id:
            raise _invalid(
                position, "no sponsor pays for this reward in the statement", "对账单中没有赞助方为该奖品付款"
            )
        if each.budget_id:
            budget = budgets.get(budget_id)
            if budget is None or budget.programme_id != statement.programme_id:
                raise _invalid(position, "the programme has no such budget", "项目没有这个预算")
        found.append(Adjustment(dispute_id, budget_id, each.fen, each.reason, each.reward_id, now))
    if statement.total_fen + sum(each.fen for each in found) < 0:
        raise _invalid(len(found), "the statement's total would be below zero", "对账单合计会小于零")
    return tuple(found)


def _invalid(position: int, rule: str, rule_zh: str) -> AdjustmentInvalid:
    return AdjustmentInvalid(position=position, rule=rule, rule_zh=rule_zh)
