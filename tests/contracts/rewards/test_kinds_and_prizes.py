"""A programme has the kinds of rewards that its document names; a prize has no price, and is granted."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from puhui.programmes import presets
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.errors import GrantedOnly, OutOfStock, RewardInvalid, RewardKindNotOffered
from puhui.rewards.reconciling import reconcile
from puhui.rewards.redemptions.cancelling import cancel
from puhui.rewards.redemptions.decision import Redeem
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.saga import Dependencies
from puhui.rewards.redemptions.usecases import redeem
from tests.contracts.rewards.conftest import NOW, Shop

DAY = {"id": "a-day", "programme_id": "walk-and-win", "kind": "leave_day", "price_points": 0, "stock": 3}


def grant(shop: Shop, member_id: str, key: str = "2026-11", reward_id: str = "a-day") -> Redemption:
    command = Redeem(member_id, reward_id, 1, key, f"{reward_id} {member_id}")
    return redeem(command, rewards=shop.rewards, ledger=shop.ledger, now=NOW, granted=True)


def test_goods_are_not_put_on_sale_where_the_document_has_none(shop: Shop):
    for programme_id in ("ant-forest", "walk-and-win", "national-market"):
        with pytest.raises(RewardKindNotOffered):
            shop.put(programme_id=programme_id)
    assert shop.put(programme_id="ant-forest", kind="donation", per_member_limit=None).kind == "donation"


def test_a_kind_that_the_document_no_longer_has_is_not_published(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    store = shop.open_store()
    shop.propose(store)
    without, read = replace(presets.read("carbon-88"), reward_kinds=("good",)), presets.read
    monkeypatch.setattr(
        presets, "read", lambda name, version="": without if name == "carbon-88" else read(name, version)
    )
    with pytest.raises(RewardKindNotOffered):
        shop.publish()


def test_a_day_of_leave_is_granted_where_there_are_no_points(shop: Shop):
    shop.put(**DAY, per_member_limit=None)
    won = grant(shop, "M" * 26)
    assert (won.status, won.price_points) == ("fulfilled", 0)
    assert grant(shop, "M" * 26).id == won.id  # once for the month
    with pytest.raises(GrantedOnly):
        shop.redeem("N" * 26, reward_id="a-day")
    assert [grant(shop, "N" * 26).status, grant(shop, "O" * 26).status] == ["fulfilled", "fulfilled"]
    with pytest.raises(OutOfStock):
        grant(shop, "P" * 26)


def test_what_points_buy_is_not_granted(shop: Shop):
    shop.put()
    with pytest.raises(GrantedOnly):
        grant(shop, "M" * 26, reward_id="cola")


@pytest.mark.parametrize("change", [{"price_points": 1}, {"cancellable": True}, {"merchant_id": "m"}])
def test_a_prize_has_no_price_and_is_not_given_back(shop: Shop, change: dict[str, Any]):
    with pytest.raises(RewardInvalid):
        terms_from(shop.document(**{**DAY, **change}))


def test_a_prize_that_was_not_sent_is_given_back_and_can_be_granted_anew(shop: Shop):
    shop.put(**DAY, per_member_limit=None)
    won = grant(shop, "M" * 26)
    given_back = cancel("M" * 26, won.id, rewards=shop.rewards, ledger=shop.ledger, now=NOW)
    assert (given_back.status, given_back.reason_code) == ("cancelled", "CANCELLED_BY_MEMBER")
    assert {grant(shop, each * 26).status for each in "NOP"} == {"fulfilled"}  # all three pieces


def test_a_prize_that_nobody_sends_in_time_ends_by_itself(shop: Shop):
    shop.put(**DAY, per_member_limit=None)
    won = grant(shop, "M" * 26)
    deps = Dependencies(shop.rewards, shop.ledger, None, None, None)  # type: ignore[arg-type]
    reconcile(deps=deps, now=NOW + timedelta(days=31))
    ended = shop.rewards.redemptions.find("M" * 26, won.id)
    assert (ended.status, ended.reason_code) == ("refunded", "NOT_SENT")
    assert not any(reconcile(deps=deps, now=NOW + timedelta(days=32)).values())
