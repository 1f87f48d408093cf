"""A statement as CSV: every payable a row."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from puhui.kernel import clock
from puhui.kernel.csv_file import csv_lines
from puhui.rewards.api import Payable, Rewards
from puhui.settlement.errors import FileTooLarge
from puhui.settlement.payables import claimed_payables
from puhui.settlement.repositories import Repositories
from puhui.settlement.statements.model import Statement

ROWS_IN_ANSWER_MAX = 5_000  # of at most 1 KB each: an answer of Lambda holds 6 MB
ROWS_MAX = 100_000  # what is written within API Gateway's 29 s
LINK_SECONDS = 600
Row = tuple[str | int, ...]
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


class Files(Protocol):
    """Where a file that is too long for an answer is written: ``files.StatementFiles``."""

    def write_lines(self, object_key: str, lines: Iterable[str]) -> None: ...
    def address(self, object_key: str, seconds: int) -> str: ...


def download(
    settlement_id: str,
    merchant_id: str,
    language: str,
    *,
    repositories: Repositories,
    rewards: Rewards,
    files: Files,
    now: datetime,
) -> str | dict[str, Any]:
    """A statement's rows as CSV; ``{"url", "expires_at"}`` of a file when there are many. The caller has checked who reads it.

    Raises SettlementNotComputed, SettlementNotFound, StatementNotFound, FileTooLarge, Unavailable.
    """
    repositories.settlements.find_computed(settlement_id)
    statement = repositories.statements.find(settlement_id, merchant_id)
    if statement.payables > ROWS_MAX:
        raise FileTooLarge(dues=statement.payables, most=ROWS_MAX)
    lines = csv_lines(_rows(statement, language, repositories, rewards))
    if statement.payables <= ROWS_IN_ANSWER_MAX:
        return "".join(lines)
    key = f"statements/{settlement_id}/{merchant_id}/{len(statement.adjustments)}-{language}.csv"
    files.write_lines(key, lines)
    expires_at = clock.to_text(now + timedelta(seconds=LINK_SECONDS))
    return {"url": files.address(key, LINK_SECONDS), "expires_at": expires_at}


def _rows(statement: Statement, language: str, repositories: Repositories, rewards: Rewards) -> Iterator[Row]:
    """A header, every payable, every adjustment: their fen add up to the statement's total. Read page by page.

    Raises Unavailable while the index of payables lags behind the statement.
    """
    titles: dict[str, Mapping[str, str]] = {
        each.reward_id: each.title
        for each in repositories.statements.lines(statement.settlement_id, statement.merchant_id)
    }
    yield HEADER
    for payable in claimed_payables(statement, rewards):
        yield _row(payable, titles.get(payable.reward_id, {}).get(language, ""))
    for each in statement.adjustments:
        at = clock.to_text(each.at) if each.at else ""
        yield at, each.reward_id, each.reason, "", "", "", "", "", each.fen


def _row(payable: Payable, title: str) -> Row:
    return (
        clock.to_text(payable.verified_at),
        payable.reward_id,
        title,
        payable.coupon_id,
        payable.redemption_id,
        payable.branch_id,
        payable.pieces,
        payable.fen,
        payable.pieces * payable.fen,
    )
