"""Open a dispute, resolve it. What is adjusted is approved anew."""

from puhui.kernel.errors import IdempotencyKeyReused
from puhui.settlement.disputes import model
from puhui.settlement.disputes.model import OPEN, REJECTED, Dispute, Resolution
from puhui.settlement.disputes.repository import DISPUTE
from puhui.settlement.errors import ApproverIsStaff
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext
from puhui.settlement.settlements import model as settlements
from puhui.settlement.settlements.approving import Staff, require_outsider
from puhui.settlement.settlements.model import Settlement
from puhui.settlement.statements.model import Statement, require_disputable
from puhui.store.conditions import AlreadyExists
from puhui.store.session import Session, attempt


def open_dispute(
    settlement_id: str,
    merchant_id: str,
    text: str,
    claimed_fen: int | None,
    request: RequestContext,
    *,
    repositories: Repositories,
) -> Dispute:
    """The merchant disputes its statement: until the resolution it is neither posted nor paid. The caller has checked that the
    member is the merchant's owner or manager.

    Raises SettlementNotFound, SettlementNotComputed, StatementNotFound, StatementPaid, StatementDisputed,
    StatementBeingPosted, DisputesExhausted, IdempotencyKeyReused.
    """
    repositories.settlements.find_computed(settlement_id)
    dispute = Dispute(
        id=request.id("open_dispute", settlement_id),
        settlement_id=settlement_id,
        merchant_id=merchant_id,
        text=text,
        opened_by=request.member_id,
        opened_at=request.now,
        claimed_fen=claimed_fen,
        body_hash=request.body_hash,
    )

    def build(session: Session) -> Dispute:
        if before := repositories.disputes.get(settlement_id, dispute.id):
            if before.body_hash != dispute.body_hash:
                raise IdempotencyKeyReused
            return before
        statement = repositories.statements.find(settlement_id, merchant_id)
        require_disputable(statement)
        repositories.disputes.add(session, dispute)
        repositories.statements.put(session, model.disputed(statement, dispute.id))
        return dispute

    try:
        return attempt(repositories.dynamodb, build)
    except AlreadyExists as first:
        return DISPUTE.read(first.details["item"])


def resolve(
    settlement_id: str,
    dispute_id: str,
    resolution: Resolution,
    request: RequestContext,
    *,
    repositories: Repositories,
    staff: Staff,
) -> tuple[Dispute, Settlement]:
    """Resolve a dispute. Rejected: the statement is as before, and the caller starts the posting if two people had approved it.
    Upheld: its adjustments make a new revision of the settlement, which two people approve under its new hash.

    Raises SettlementNotFound, DisputeNotFound, DisputeResolved, DecisionInvalid, AdjustmentInvalid, ApproverIsStaff,
    IdempotencyKeyReused.
    """
    repositories.settlements.find(settlement_id)
    model.require_decision(resolution)
    require_outsider(settlement_id, request.member_id, repositories=repositories, staff=staff)

    def build(session: Session) -> tuple[Dispute, Settlement]:
        dispute = repositories.disputes.find(settlement_id, dispute_id)
        settlement = repositories.settlements.find(settlement_id)  # after the dispute: a twin wrote both
        if dispute.opened_by == request.member_id:
            raise ApproverIsStaff(merchant_id=dispute.merchant_id)
        if dispute.status != OPEN:
            model.require_same_resolution(dispute, request)
            return dispute, settlement
        resolved = model.resolved(dispute, resolution, request)
        statement = repositories.statements.find(settlement_id, dispute.merchant_id)
        if resolved.status == REJECTED:
            statement = model.as_before(statement)
            if settlement.may_post(statement):
                settlement = settlements.released(settlement)
        else:
            statement, settlement = _adjust(
                statement, settlement, dispute_id, resolution, request, repositories
            )
        repositories.disputes.put_resolved(session, resolved)
        repositories.statements.put(session, statement)
        # Written even when unchanged: an approval, or the end of a posting, that did not read the release starts over.
        repositories.settlements.put(session, settlement)
        return resolved, settlement

    return attempt(repositories.dynamodb, build)


def _adjust(
    statement: Statement,
    settlement: Settlement,
    dispute_id: str,
    resolution: Resolution,
    request: RequestContext,
    repositories: Repositories,
) -> tuple[Statement, Settlement]:
    """The statement and the settlement after the adjustments of a resolution."""
    lines = repositories.statements.lines(settlement.id, statement.merchant_id)
    budgets = repositories.budgets.find_all(
        [each.budget_id for each in resolution.adjustments if each.budget_id]
    )
    adjustments = model.adjustments_of(dispute_id, resolution, statement, lines, budgets, request.now)
    after = settlements.adjusted(
        settlement, adjustments, statement.merchant_id, request.member_id, request.now
    )
    return model.adjusted(statement, adjustments, after.revision), after
