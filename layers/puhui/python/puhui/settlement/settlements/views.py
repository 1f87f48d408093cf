"""Settlements in the shapes of the contract."""

from typing import Any

from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.programmes.api import programme
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements.model import COMPUTING, Settlement
from puhui.settlement.statements.model import Statement
from puhui.settlement.statements.views import statement_body
from puhui.store.cursors import Cursors


def list_settlements(
    programme_id: str, limit: int, cursor: str | None, *, repositories: Repositories, cursors: Cursors
) -> Page[Settlement]:
    """A page of a programme's settlements, the newest first. Raises ProgrammeNotFound, CursorInvalid."""
    programme(programme_id)
    scope = f"settlements:{programme_id}"
    found, following = repositories.settlements.page(programme_id, limit, cursors.read(scope, cursor))
    return Page(found, cursors.write(scope, following))


def get_settlement(
    settlement_id: str, limit: int, cursor: str | None, *, repositories: Repositories, cursors: Cursors
) -> dict[str, Any]:
    """One settlement with a page of its statements, by merchant; none while it is computed. Raises SettlementNotFound,
    CursorInvalid."""
    scope = f"statements:{settlement_id}"
    start = cursors.read_id(scope, cursor)
    settlement = repositories.settlements.find(settlement_id)
    found: list[Statement] = []
    last = None
    if settlement.status != COMPUTING:
        found, last = repositories.statements.page(settlement_id, limit, start)
    page = Page(found, cursors.write_id(scope, last))
    return settlement_body(settlement) | page.body(lambda each: statement_body(each, settlement))


def settlement_body(settlement: Settlement) -> dict[str, Any]:
    """The contract's ``Settlement``."""
    body: dict[str, Any] = {
        "id": settlement.id,
        "programme_id": settlement.programme_id,
        "until": clock.to_text(settlement.until),
        "status": settlement.status,
        "opened_at": clock.to_text(settlement.opened_at),
        "merchants": settlement.merchants,
        "dues": settlement.payables,
        "pieces": settlement.pieces,
        "fen": settlement.fen,
        "adjusted_fen": settlement.adjusted_fen,
        "total_fen": settlement.total_fen,
        "approvals": [{"by": each.by, "at": clock.to_text(each.at)} for each in settlement.approvals],
    }
    if settlement.hash:
        body["hash"] = settlement.hash
    if settlement.stopped:
        body["stopped"] = True
    if settlement.held:
        body["held"] = settlement.held
    return body
