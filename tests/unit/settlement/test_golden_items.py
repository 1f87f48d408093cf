"""Every stored item of the settlement, as a file: a field that is renamed or swapped is noticed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from puhui.kernel.approvals import Approval
from puhui.settlement.budgets.model import Budget, Funding
from puhui.settlement.budgets.repository import BUDGET, FUNDING
from puhui.settlement.disputes.model import Dispute
from puhui.settlement.disputes.repository import DISPUTE
from puhui.settlement.repository import RequestKeys
from puhui.settlement.settlements.model import Settlement
from puhui.settlement.settlements.repository import SETTLEMENT, SettlementRepository
from puhui.settlement.statements.model import Adjustment, Line, Payment, Statement
from puhui.settlement.statements.repository import LINE, STATEMENT
from puhui.store.client import DynamoDB
from puhui.store.session import Session
from tests.support import golden


def at(day: int) -> datetime:
    return datetime(2026, 11, day, 4, 30, tzinfo=UTC)


TITLE = {"zh-CN": "茶", "en": "Tea"}
FUNDED = Funding(
    id="01F",
    budget_id="bank-1",
    kind="withdraw",
    fen=1_001,
    reference="wire 7",
    proposed_by="P" * 26,
    proposed_at=at(1),
    body_hash="ab01",
    status="approved",
    approved_by="Q" * 26,
    approved_at=at(2),
    transfer_id="01T",
    rejected_by="R" * 26,
)
SETTLED = Settlement(
    id="01S",
    programme_id="carbon-88",
    until=at(3),
    opened_by="O" * 26,
    opened_at=at(4),
    body_hash="ab02",
    status="approved",
    opened="01U",
    computed_at=at(5),
    hash="cd03",
    revision=2,
    approvals=(Approval("A" * 26, at(6)), Approval("B" * 26, at(7))),
    approved_revision=1,
    round=3,
    held=4,
    merchants=5,
    payables=6,
    pieces=7,
    fen=8,
    adjusted_fen=9,
    stopped=True,
    version=10,
)
ADJUSTMENTS = (
    Adjustment("01D", "bank-1", 250, "one more", "tea", at(8)),
    Adjustment("01E", "bank-2", -30, "counted twice", "cup", at(9)),
)
PAID = Statement(
    settlement_id="01S",
    merchant_id="01M",
    programme_id="carbon-88",
    until=at(3),
    payables=11,
    pieces=12,
    fen=13,
    status="paid",
    opened="01U",
    revision=2,
    posted=14,
    adjustments=ADJUSTMENTS,
    disputes=("01D", "01E"),
    dispute_id="01E",
    before="posted",
    reason_code="NOT_ENOUGH_MONEY",
    payment=Payment("01P", 233, "wire 8", at(10), "N" * 26, at(11), "01V"),
    version=15,
)
RESOLVED = Dispute(
    id="01D",
    settlement_id="01S",
    merchant_id="01M",
    text="one is missing",
    opened_by="W" * 26,
    opened_at=at(12),
    claimed_fen=1_150,
    body_hash="ab04",
    status="upheld",
    note="seen",
    resolved_by="J" * 26,
    resolved_at=at(13),
    resolution_hash="ab05",
)
SHAPES = {
    "budget": (BUDGET, Budget("bank-1", "carbon-88", {"zh-CN": "银行", "en": "Bank"}, 1, 2, 3, 4, 5)),
    "funding": (FUNDING, FUNDED),
    "settlement": (SETTLEMENT, SETTLED),
    "statement": (STATEMENT, PAID),
    "line": (LINE, Line("01M", "tea", "bank-1", 300, TITLE, 16, 17, 5_100)),
    "dispute": (DISPUTE, RESOLVED),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_item_is_stored_as_its_golden_file_says(name: str):
    record, value = SHAPES[name]
    golden.check("settlement", name, record, value)
    assert record.read(record.item(value)).__dict__.get("version") == value.__dict__.get("version")


def test_a_statement_that_only_the_shards_have_written_is_computed():
    item: dict[str, Any] = {
        "owner": "settlement:01S",
        "entry": "M#01M",
        "merchant_id": "01M",
        "programme": "carbon-88",
        "until": "2026-11-03T12:30:00+08:00",
        "opened": "01U",
        "payables": 2,
        "pieces": 3,
        "fen": 4,
    }
    expected = Statement("01S", "01M", "carbon-88", at(3), 2, 3, 4, opened="01U")
    assert STATEMENT.read(item) == expected
    assert (STATEMENT.read(item).status, STATEMENT.read(item).version) == ("computed", 0)


def test_what_a_shard_counts_is_written_as_its_golden_file_says():
    dynamodb = DynamoDB()
    session = Session(dynamodb)
    line = Line("01M", "tea", "bank-1", 300, TITLE, 16, 17, 5_100)
    SettlementRepository(dynamodb, "settlement").count(session, SETTLED, 3, "01M", [line])
    RequestKeys(dynamodb, "settlement").add(session, "01K", "ab06")
    golden.check_wire("settlement", "count", {"actions": list(session.actions)})
