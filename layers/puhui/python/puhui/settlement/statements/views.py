"""Statements in the shapes of the contract."""

from typing import Any

from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.settlement.disputes.views import dispute_body
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements.model import COMPUTING, Settlement
from puhui.settlement.statements.model import COMPUTED, POSTING, Adjustment, Line, Payment, Statement
from puhui.store.cursors import Cursors


def list_of_merchant(
    merchant_id: str, limit: int, cursor: str | None, *, repositories: Repositories, cursors: Cursors
) -> dict[str, Any]:
    """A page of a merchant's statements, the newest first, without those of settlements that are still computed. The caller has
    checked who reads them. Raises CursorInvalid."""
    scope = f"merchant-settlements:{merchant_id}"
    found, following = repositories.statements.of_merchant(merchant_id, limit, cursors.read(scope, cursor))
    settlements = repositories.settlements.find_all(each.settlement_id for each in found)
    ready = [each for each in found if settlements[each.settlement_id].status != COMPUTING]
    page = Page(ready, cursors.write(scope, following))
    return page.body(lambda each: _about(each) | statement_body(each, settlements[each.settlement_id]))


def get_statement(settlement_id: str, merchant_id: str, *, repositories: Repositories) -> dict[str, Any]:
    """One statement with its lines, adjustments and disputes. The caller has checked who reads it.

    Raises SettlementNotFound, SettlementNotComputed, StatementNotFound.
    """
    settlement = repositories.settlements.find_computed(settlement_id)
    statement = repositories.statements.find(settlement_id, merchant_id)
    lines = repositories.statements.lines(settlement_id, merchant_id)
    return (
        _about(statement)
        | statement_body(statement, settlement)
        | {
            "lines": [_line(each) for each in lines],
            "adjustments": [_adjustment(each) for each in statement.adjustments],
            "disputes": [dispute_body(each) for each in repositories.disputes.of_statement(statement)],
        }
    )


def statement_body(statement: Statement, settlement: Settlement) -> dict[str, Any]:
    """A statement in a list. Between approval and posting its status is ``approved``."""
    approved = statement.revision <= settlement.approved_revision
    body: dict[str, Any] = {
        "merchant_id": statement.merchant_id,
        "status": "approved" if approved and statement.status in (COMPUTED, POSTING) else statement.status,
        "dues": statement.payables,
        "pieces": statement.pieces,
        "fen": statement.fen,
        "adjusted_fen": statement.adjusted_fen,
        "total_fen": statement.total_fen,
    }
    if statement.dispute_id:
        body["dispute_id"] = statement.dispute_id
    if statement.reason_code:
        body["reason_code"] = statement.reason_code
    if statement.payment:
        body["payment"] = _payment(statement.payment)
    return body


def paid_body(statement: Statement) -> dict[str, Any]:
    """The answer to recording a payment: the paid statement."""
    payment = _payment(statement.payment) if statement.payment else {}
    return {
        "settlement_id": statement.settlement_id,
        "merchant_id": statement.merchant_id,
        "status": statement.status,
    } | payment


def _line(line: Line) -> dict[str, Any]:
    body: dict[str, Any] = {
        "reward_id": line.reward_id,
        "title": dict(line.title),
        "pieces": line.pieces,
        "fen_each": line.fen_each,
        "fen": line.fen,
    }
    return body | ({"budget_id": line.budget_id} if line.budget_id else {})


def _adjustment(adjustment: Adjustment) -> dict[str, Any]:
    body = {
        "dispute_id": adjustment.dispute_id,
        "budget_id": adjustment.budget_id,
        "fen": adjustment.fen,
        "reason": adjustment.reason,
        "at": clock.to_text(adjustment.at) if adjustment.at else "",
    }
    return body | ({"reward_id": adjustment.reward_id} if adjustment.reward_id else {})


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "fen": payment.fen,
        "reference": payment.reference,
        "paid_at": clock.to_text(payment.paid_at),
        "recorded_at": clock.to_text(payment.recorded_at),
    }


def _about(statement: Statement) -> dict[str, Any]:
    return {
        "settlement_id": statement.settlement_id,
        "programme_id": statement.programme_id,
        "until": clock.to_text(statement.until),
    }
