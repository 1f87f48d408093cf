"""Disputes: a merchant says that its statement is wrong; somebody outside decides, and what is adjusted is approved anew."""

from dataclasses import replace
from typing import Any

from puhui.kernel import clock
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.settlement import model
from puhui.settlement.dynamo import Settlements
from puhui.settlement.errors import (
    ApproverIsStaff,
    DisputeNotFound,
    DisputeResolved,
    DisputesExhausted,
    Made,
    StatementBeingPosted,
    StatementDisputed,
    StatementPaid,
)
from puhui.settlement.model import (
    COMPUTED,
    DISPUTED,
    DISPUTES_MAX,
    OPEN,
    PAID,
    POSTING,
    REJECTED,
    UPHELD,
    UPHOLD,
    By,
    Dispute,
    Resolution,
    Settlement,
    Statement,
)
from puhui.settlement.usecases import (
    Staffs,
    find,
    find_computed,
    find_statement,
    require_outsider,
)
from puhui.store.session import Session, attempt


def open_dispute(
    settlement_id: str,
    merchant_id: str,
    text: str,
    claimed_fen: int | None,
    by: By,
    *,
    settlements: Settlements,
) -> Dispute:
    """The merchant disputes its statement: it is neither posted nor paid until that is resolved. The caller has made sure
    that ``by`` is the merchant's owner or manager.

    Raises SettlementNotFound, SettlementNotComputed, StatementNotFound, StatementPaid, StatementDisputed,
    StatementBeingPosted, DisputesExhausted, IdempotencyKeyReused.
    """
    find_computed(settlement_id, settlements)
    dispute = Dispute(
        id=by.id("open_dispute", settlement_id),
        settlement_id=settlement_id,
        merchant_id=merchant_id,
        text=text,
        claimed_fen=claimed_fen,
        opened_by=by.member_id,
        opened_at=by.now,
        body_hash=by.body_hash,
    )

    def build(session: Session) -> Dispute:
        if standing := settlements.dispute(settlement_id, dispute.id):
            return _same(standing, dispute)
        statement = find_statement(settlement_id, merchant_id, settlements)
        _require_disputable(statement)
        settlements.add_dispute(session, dispute)
        settlements.put_statement(
            session,
            replace(
                statement,
                status=DISPUTED,
                before=statement.status,
                dispute_id=dispute.id,
                disputes=(*statement.disputes, dispute.id),
            ),
        )
        return dispute

    try:
        return attempt(settlements.dynamodb, build)
    except Made:
        return find_dispute(settlement_id, dispute.id, settlements)


def _same(standing: Dispute, wanted: Dispute) -> Dispute:
    if standing.body_hash != wanted.body_hash:
        raise IdempotencyKeyReused
    return standing


def _require_disputable(statement: Statement) -> None:
    if statement.status == PAID:
        raise StatementPaid
    if statement.status == DISPUTED:
        raise StatementDisputed
    if statement.status == POSTING:
        raise StatementBeingPosted
    if len(statement.disputes) >= DISPUTES_MAX:
        raise DisputesExhausted(most=DISPUTES_MAX)


def find_dispute(settlement_id: str, dispute_id: str, settlements: Settlements) -> Dispute:
    """A dispute. Raises DisputeNotFound."""
    if (found := settlements.dispute(settlement_id, dispute_id)) is None:
        raise DisputeNotFound
    return found


def resolve(
    settlement_id: str,
    dispute_id: str,
    resolution: Resolution,
    by: By,
    *,
    settlements: Settlements,
    staffs: Staffs,
) -> tuple[Dispute, Settlement]:
    """Decide a dispute. Rejected, the statement is as it was, and the caller starts the posting where two people had approved
    it. Upheld, its adjustments make a new revision of the settlement, which is posted when it was approved under its new hash.

    Raises SettlementNotFound, DisputeNotFound, DisputeResolved, DecisionInvalid, AdjustmentInvalid, ApproverIsStaff,
    IdempotencyKeyReused.
    """
    find(settlement_id, settlements)
    model.require_decision(resolution)
    require_outsider(settlement_id, by.member_id, settlements=settlements, staffs=staffs)

    def build(session: Session) -> Dispute:
        standing = find_dispute(settlement_id, dispute_id, settlements)
        if standing.opened_by == by.member_id:
            raise ApproverIsStaff(merchant_id=standing.merchant_id)
        if standing.status != OPEN:
            return _resolved_so(standing, by)
        resolved = replace(
            standing,
            status=UPHELD if resolution.decision == UPHOLD else REJECTED,
            note=resolution.note,
            resolved_by=by.member_id,
            resolved_at=by.now,
            resolution_hash=by.body_hash,
        )
        statement = find_statement(settlement_id, standing.merchant_id, settlements)
        settlements.put_resolved(session, resolved, OPEN)
        if resolved.status == REJECTED:
            as_before = replace(statement, status=statement.before, before="", dispute_id="")
            settlement = find(settlement_id, settlements)
            if model.may_be_posted(as_before, settlement):
                settlement = model.released(settlement)
            settlements.put_statement(session, as_before)
            # Written whatever it is: an approval or the end of a posting that did not see the release looks again.
            settlements.put_settlement(session, settlement)
        else:
            _adjust(session, statement, dispute_id, resolution, by, settlements)
        return resolved

    return attempt(settlements.dynamodb, build), find(settlement_id, settlements)


def _adjust(
    session: Session,
    statement: Statement,
    dispute_id: str,
    resolution: Resolution,
    by: By,
    settlements: Settlements,
) -> None:
    settlement = find(statement.settlement_id, settlements)
    lines = settlements.lines(statement.settlement_id, statement.merchant_id)
    named = [each.budget_id for each in resolution.adjustments if each.budget_id]
    budgets = settlements.budgets(named)
    adjustments = model.adjustments_of(dispute_id, resolution, statement, lines, budgets, by.now)
    after = model.changed(settlement, adjustments, statement.merchant_id, by.member_id, by.now)
    settlements.put_settlement(session, after)
    settlements.put_statement(
        session,
        replace(
            statement,
            status=COMPUTED,
            before="",
            dispute_id="",
            reason_code="",
            revision=after.revision,
            adjustments=(*statement.adjustments, *adjustments),
        ),
    )


def _resolved_so(standing: Dispute, by: By) -> Dispute:
    """The same decision by the same person again is the same; another one comes too late."""
    if (standing.resolved_by, standing.resolution_hash) != (by.member_id, by.body_hash):
        raise DisputeResolved
    return standing


def shown(dispute: Dispute) -> dict[str, Any]:
    """The contract's ``Dispute``."""
    told: dict[str, Any] = {
        "id": dispute.id,
        "settlement_id": dispute.settlement_id,
        "merchant_id": dispute.merchant_id,
        "text": dispute.text,
        "status": dispute.status,
        "opened_at": clock.to_text(dispute.opened_at),
    }
    if dispute.claimed_fen is not None:
        told["claimed_fen"] = dispute.claimed_fen
    if dispute.resolved_at:
        told |= {"note": dispute.note, "resolved_at": clock.to_text(dispute.resolved_at)}
    return told
