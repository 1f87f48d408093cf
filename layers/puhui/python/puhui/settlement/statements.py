"""Reading settlements and statements, in the shapes of the contract."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.programmes.api import programme
from puhui.rewards.api import Payable, Rewards
from puhui.settlement import disputes, paper
from puhui.settlement.dues import claimed_dues
from puhui.settlement.dynamo import Settlements
from puhui.settlement.errors import FileTooLarge
from puhui.settlement.model import (
    COMPUTED,
    COMPUTING,
    POSTING,
    Line,
    Payment,
    Settlement,
    Statement,
)
from puhui.settlement.usecases import find, find_computed, find_statement
from puhui.store.cursors import Cursors

ROWS_IN_ANSWER_MAX = 5_000  # of at most 1 KB each: an answer of Lambda holds 6 MB
ROWS_MAX = 100_000  # what is written within API Gateway's 29 s
LINK_SECONDS = 600
Row = tuple[str | int, ...]


def list_settlements(
    programme_id: str, limit: int, cursor: str | None, *, settlements: Settlements, cursors: Cursors
) -> Page[Settlement]:
    """A page of a programme's settlements, the newest first. Raises ProgrammeNotFound, CursorInvalid."""
    programme(programme_id)
    scope = f"settlements:{programme_id}"
    found, position = settlements.settlements(programme_id, limit, cursors.read(scope, cursor))
    return Page(found, cursors.write(scope, position))


def get_settlement(
    settlement_id: str, limit: int, cursor: str | None, *, settlements: Settlements, cursors: Cursors
) -> dict[str, Any]:
    """One settlement with a page of its statements, by merchant; none while it is computed. Raises SettlementNotFound,
    CursorInvalid."""
    scope = f"statements:{settlement_id}"
    start = cursors.read_id(scope, cursor)
    settlement = find(settlement_id, settlements)
    found: list[Statement] = []
    last = None
    if settlement.status != COMPUTING:
        found, last = settlements.statements(settlement_id, limit, start)
    page = Page(found, cursors.write_id(scope, last))
    return settlement_shown(settlement) | page.body(lambda each: statement_shown(each, settlement))


def list_of_merchant(
    merchant_id: str, limit: int, cursor: str | None, *, settlements: Settlements, cursors: Cursors
) -> dict[str, Any]:
    """A page of a merchant's statements, the newest first, without those that are still computed. The caller has made sure
    that they may be read. Raises CursorInvalid."""
    scope = f"merchant-settlements:{merchant_id}"
    found, position = settlements.statements_of(merchant_id, limit, cursors.read(scope, cursor))
    known = settlements.settlements_of(each.settlement_id for each in found)
    ready = [each for each in found if known[each.settlement_id].status != COMPUTING]
    page = Page(ready, cursors.write(scope, position))
    return page.body(lambda each: _about(each) | statement_shown(each, known[each.settlement_id]))


def get_statement(settlement_id: str, merchant_id: str, *, settlements: Settlements) -> dict[str, Any]:
    """One statement with its lines, adjustments and disputes. The caller has made sure that it may be read.

    Raises SettlementNotFound, SettlementNotComputed, StatementNotFound.
    """
    settlement = find_computed(settlement_id, settlements)
    statement = find_statement(settlement_id, merchant_id, settlements)
    return (
        _about(statement)
        | statement_shown(statement, settlement)
        | {
            "lines": [line_shown(each) for each in settlements.lines(settlement_id, merchant_id)],
            "adjustments": [
                {
                    "dispute_id": each.dispute_id,
                    "budget_id": each.budget_id,
                    "fen": each.fen,
                    "reason": each.reason,
                    "at": clock.to_text(each.at) if each.at else "",
                }
                | ({"reward_id": each.reward_id} if each.reward_id else {})
                for each in statement.adjustments
            ],
            "disputes": [disputes.shown(each) for each in settlements.disputes(statement)],
        }
    )


HEADER: Row = (
    "verified_at",
    "reward_id",
    "reward",
    "coupon_id",
    "redemption_id",
    "branch_id",
    "pieces",
    "fen_each",
    "fen",
)


def rows(statement: Statement, language: str, *, settlements: Settlements, rewards: Rewards) -> Iterator[Row]:
    """Every due of a statement, and every adjustment, one a row below a header, page by page: their fen add up to the
    statement's total. Raises Unavailable while the index of dues, which follows its table by moments, shows others."""
    titles: dict[str, Mapping[str, str]] = {
        each.reward_id: each.title
        for each in settlements.lines(statement.settlement_id, statement.merchant_id)
    }
    yield HEADER
    for due in claimed_dues(statement, rewards):
        yield _row(due, titles.get(due.reward_id, {}).get(language, ""))
    for each in statement.adjustments:
        at = clock.to_text(each.at) if each.at else ""
        yield at, each.reward_id, each.reason, "", "", "", "", "", each.fen


class Files(Protocol):
    """Where a file that is too long for an answer is left: ``files.StatementFiles``."""

    def write(self, object_key: str, lines: Iterable[str]) -> None: ...
    def address(self, object_key: str, seconds: int) -> str: ...


def download(
    settlement_id: str,
    merchant_id: str,
    language: str,
    *,
    settlements: Settlements,
    rewards: Rewards,
    files: Files,
    now: datetime,
) -> str | dict[str, Any]:
    """A statement's rows as CSV; for many of them ``{"url", "expires_at"}`` of a file, written page by page. The caller has
    made sure that it may be read.

    Raises SettlementNotComputed, SettlementNotFound, StatementNotFound, FileTooLarge, Unavailable.
    """
    find_computed(settlement_id, settlements)
    statement = find_statement(settlement_id, merchant_id, settlements)
    if statement.tally.dues > ROWS_MAX:
        raise FileTooLarge(dues=statement.tally.dues, most=ROWS_MAX)
    lines = paper.csv_lines(rows(statement, language, settlements=settlements, rewards=rewards))
    if statement.tally.dues <= ROWS_IN_ANSWER_MAX:
        return "".join(lines)
    key = f"statements/{settlement_id}/{merchant_id}/{len(statement.adjustments)}-{language}.csv"
    files.write(key, lines)
    expires_at = clock.to_text(now + timedelta(seconds=LINK_SECONDS))
    return {"url": files.address(key, LINK_SECONDS), "expires_at": expires_at}


def _row(due: Payable, title: str) -> Row:
    return (
        clock.to_text(due.verified_at),
        due.reward_id,
        title,
        due.coupon_id,
        due.redemption_id,
        due.branch_id,
        due.pieces,
        due.fen,
        due.pieces * due.fen,
    )


def settlement_shown(settlement: Settlement) -> dict[str, Any]:
    """The contract's ``Settlement``."""
    told: dict[str, Any] = {
        "id": settlement.id,
        "programme_id": settlement.programme_id,
        "until": clock.to_text(settlement.until),
        "status": settlement.status,
        "opened_at": clock.to_text(settlement.opened_at),
        "merchants": settlement.merchants,
        "dues": settlement.dues,
        "pieces": settlement.pieces,
        "fen": settlement.fen,
        "adjusted_fen": settlement.adjusted_fen,
        "total_fen": settlement.total_fen,
        "approvals": [{"by": each.by, "at": clock.to_text(each.at)} for each in settlement.approvals],
    }
    if settlement.hash:
        told["hash"] = settlement.hash
    if settlement.stopped:
        told["stopped"] = True
    if settlement.held:
        told["held"] = settlement.held
    return told


def statement_shown(statement: Statement, settlement: Settlement) -> dict[str, Any]:
    """What a list says of a statement. Between approval and posting it is ``approved``."""
    approved = statement.revision <= settlement.approved_revision
    told: dict[str, Any] = {
        "merchant_id": statement.merchant_id,
        "status": "approved" if approved and statement.status in (COMPUTED, POSTING) else statement.status,
        "dues": statement.tally.dues,
        "pieces": statement.tally.pieces,
        "fen": statement.tally.fen,
        "adjusted_fen": statement.adjusted_fen,
        "total_fen": statement.total_fen,
    }
    if statement.dispute_id:
        told["dispute_id"] = statement.dispute_id
    if statement.reason_code:
        told["reason_code"] = statement.reason_code
    if statement.payment:
        told["payment"] = payment_shown(statement.payment)
    return told


def line_shown(line: Line) -> dict[str, Any]:
    """One line of a statement."""
    told: dict[str, Any] = {
        "reward_id": line.reward_id,
        "title": dict(line.title),
        "pieces": line.tally.pieces,
        "fen_each": line.fen_each,
        "fen": line.tally.fen,
    }
    return told | ({"budget_id": line.budget_id} if line.budget_id else {})


def payment_shown(payment: Payment) -> dict[str, Any]:
    """The contract's ``Payment``."""
    return {
        "fen": payment.fen,
        "reference": payment.reference,
        "paid_at": clock.to_text(payment.paid_at),
        "recorded_at": clock.to_text(payment.recorded_at),
    }


def paid_shown(statement: Statement) -> dict[str, Any]:
    """What recording a payment is answered with: the statement, paid."""
    payment = payment_shown(statement.payment) if statement.payment else {}
    return {
        "settlement_id": statement.settlement_id,
        "merchant_id": statement.merchant_id,
        "status": statement.status,
    } | payment


def _about(statement: Statement) -> dict[str, Any]:
    return {
        "settlement_id": statement.settlement_id,
        "programme_id": statement.programme_id,
        "until": clock.to_text(statement.until),
    }
