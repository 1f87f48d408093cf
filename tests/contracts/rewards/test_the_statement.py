"""The statement on real tables: newest first, and a page is two requests."""

from datetime import timedelta

import pytest

from puhui.activities.api import Activities
from puhui.points.statement import balances, statement
from puhui.store.client import DynamoDB
from tests.contracts.rewards.conftest import CURSORS, NOW, Shop
from tests.support import gateway


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that tables got."""
    sent: list[str] = []
    send = DynamoDB._send

    def counting(self: DynamoDB, action: str, request: dict) -> dict:
        sent.append(action)
        return send(self, action, request)

    monkeypatch.setattr(DynamoDB, "_send", counting)
    return sent


def test_a_refund_stands_above_its_redemption_and_a_page_is_two_requests(
    shop: Shop, asked: list[str]
) -> None:
    me = shop.member(2_000)
    shop.put(cancellable=True)
    for number in range(4):
        made = shop.redeem(me, key=f"k{number}", now=NOW + timedelta(minutes=number + 1))
        shop.cancel(me, made.id, NOW + timedelta(minutes=number + 1, seconds=1))
    asked.clear()

    page = statement(
        me,
        None,
        8,
        None,
        ledger=shop.ledger,
        activities=Activities(shop.ledger.dynamodb, "no-acts"),
        rewards=shop.rewards,
        cursors=CURSORS,
    )

    assert [line["kind"] for line in page["items"]] == ["refund", "redemption"] * 4
    assert {line["title"]["en"] for line in page["items"]} == {"Cola"}
    assert [line["change"]["points"] for line in page["items"]] == [500, -500] * 4
    assert asked == ["Query", "BatchGetItem"]
    assert gateway.declares("list_transfers", 200, page)


def test_a_statement_says_how_many_were_redeemed_without_another_read(shop: Shop, asked: list[str]) -> None:
    me = shop.member(2_000)
    shop.put()
    shop.redeem(me, quantity=3, now=NOW + timedelta(minutes=1))
    asked.clear()

    page = statement(
        me,
        None,
        1,
        None,
        ledger=shop.ledger,
        activities=Activities(shop.ledger.dynamodb, "no-acts"),
        rewards=shop.rewards,
        cursors=CURSORS,
    )

    assert page["items"][0]["sentence"]["en"] == "Redeemed: 3 × Cola, for 1500 points."
    assert asked == ["Query", "BatchGetItem"]


def test_balances_are_one_query_where_nothing_matures(shop: Shop, asked: list[str]) -> None:
    me = shop.member(300)
    asked.clear()

    (held,) = balances(
        me, ledger=shop.ledger, activities=Activities(shop.ledger.dynamodb, "no-acts"), now=NOW
    )

    assert (held["points"], held["pending_points"], held["maturing_points"]) == (300, 0, 0)
    assert asked == ["Query"]
