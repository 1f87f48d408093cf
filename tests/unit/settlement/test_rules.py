"""The pure rules of settling: shards, transfers, and texts in two languages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from puhui.kernel.errors import DomainError
from puhui.ledger.model import LEGS_MAX
from puhui.rewards.api import Payable
from puhui.settlement import errors
from puhui.settlement.settlements.model import SHARDS, Settlement, shard_of
from puhui.settlement.settlements.summing import Summing, computed
from puhui.settlement.statements.model import Adjustment, Line, Statement, Tally, budget_sums, transfers_of

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
OPENED = Settlement("S", "carbon-88", NOW, "operator", NOW)


def statement(*adjustments: Adjustment) -> Statement:
    return Statement("S", "shop-a", "carbon-88", NOW, adjustments=adjustments)


def payable(due_id: str) -> Payable:
    return Payable(
        due_id, "member:m", "K#k", "shop-a", "carbon-88", "tea", "r", "k", "bank-1", 10, 1, "", NOW
    )


def summed(settlement: Settlement, counted: Line, *payables: Payable) -> Summing:
    """A settlement of one line."""
    summing = Summing(settlement)
    summing.add(counted)
    for each in payables:
        summing.add_payable(each)
    return summing


def line(reward: str, fen: int, budget: str = "bank-1") -> Line:
    return Line("shop-a", reward, budget, fen, {}, 1, 1, fen)


def test_a_transfer_holds_nineteen_rewards_and_the_merchant():
    found = transfers_of(statement(), [line(f"r{n:02}", 10) for n in range(39)], NOW, NOW)
    assert [len(each.legs) for each in found] == [LEGS_MAX, LEGS_MAX, 2]
    assert len({each.id for each in found}) == 3


def test_what_is_transferred_is_the_same_whenever_it_is_worked_out():
    lines = [line("tea", 10), line("tea", 12), line("bag", 0, "")]
    first, again = (
        transfers_of(statement(), lines, NOW, at) for at in (NOW, datetime(2027, 1, 1, tzinfo=UTC))
    )
    assert [(each.id, each.content_hash) for each in first] == [
        (each.id, each.content_hash) for each in again
    ]
    assert [leg.amount for leg in first[0].legs] == [-22, 22]


def test_a_resolution_adds_one_transfer_at_the_end_and_changes_none_before():
    one = Adjustment("d1", "bank-1", 50, "r")
    more = (Adjustment("d2", "bank-1", -20, "r"), Adjustment("d2", "bank-2", 5, "r"))
    before = transfers_of(statement(one), [line("tea", 10)], NOW, NOW)
    after = transfers_of(statement(one, *more), [line("tea", 10)], NOW, NOW)
    assert after[: len(before)] == before
    assert [(leg.account, leg.amount) for leg in after[-1].legs] == [
        ("budget:bank-1", 20),
        ("budget:bank-2", -5),
        ("merchant:shop-a", -15),
    ]
    assert budget_sums(after, {"tea": "bank-1"}) == {
        "bank-1": {"settled_fen": 10, "adjusted_fen": 30},
        "bank-2": {"adjusted_fen": 5},
    }


def test_adjustments_that_cancel_out_move_nothing():
    pair = Adjustment("d1", "bank-1", 50, "r"), Adjustment("d1", "bank-1", -50, "r")
    assert transfers_of(statement(*pair), [], NOW, NOW) == []


def test_lines_that_are_not_what_was_counted_are_not_settled():
    summing = summed(OPENED, line("tea", 10))
    with pytest.raises(ArithmeticError):
        computed(OPENED, summing, Tally(1, 1, 11), NOW)
    assert computed(OPENED, summing, Tally(1, 1, 10), NOW).fen == 10


def test_the_hash_tells_apart_what_differs_in_any_number():
    lines = (line("tea", 10), line("tea", 11), line("bag", 10), line("tea", 10, "bank-2"))
    assert len({summed(OPENED, each).hash for each in lines}) == 4


def test_the_hash_binds_the_settlement_its_moment_and_each_due():
    payables = [payable("D1"), payable("D2")]
    found = [
        summed(OPENED, line("tea", 10), *payables),
        summed(replace(OPENED, id="T"), line("tea", 10), *payables),
        summed(replace(OPENED, programme_id="walk-and-win"), line("tea", 10), *payables),
        summed(replace(OPENED, until=NOW - timedelta(seconds=1)), line("tea", 10), *payables),
        summed(OPENED, line("tea", 10), payable("D1"), payable("D3")),
        summed(OPENED, line("tea", 10), payable("D1"), replace(payable("D2"), reward_id="bag")),
    ]
    assert len({each.hash for each in found}) == len(found)
    assert found[0].hash == summed(replace(OPENED, opened_by="another"), line("tea", 10), *payables).hash


def test_merchants_spread_over_the_shards():
    counts = [0] * SHARDS
    for number in range(800):
        counts[shard_of(f"01KAGZ3V9Q8M4T2X7C5R6N{number:04}")] += 1
    assert min(counts) > 50


DETAILS = {
    "programme_id": "p",
    "budget_id": "b",
    "minutes": 5,
    "merchant_id": "m",
    "total_fen": 1,
    "most": 5,
    "dues": 9,
    "position": 1,
    "rule": "r",
    "rule_zh": "r",
}
REFUSALS = [
    each for each in vars(errors).values() if isinstance(each, type) and each.__module__ == errors.__name__
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_every_refusal_says_why_in_both_languages(refusal: type[DomainError]):
    error = refusal(**DETAILS)
    assert error.text("en").isascii()
    assert not error.text("zh-CN").isascii()
    assert error.text("zh-CN") != DomainError.zh
