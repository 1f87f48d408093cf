"""The catalogue in pages, and what operators put into it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pynamodb.signals import pre_dynamodb_send

from puhui.programmes.errors import ProgrammeNotFound
from puhui.rewards.catalogue.listing import STOCK_READS_MAX
from puhui.rewards.catalogue.usecases import get_reward, list_rewards
from puhui.rewards.catalogue.views import offer_body
from puhui.rewards.errors import OutOfStock, RewardNotFound, RewardShrinks
from puhui.rewards.redemptions.usecases import list_redemptions
from puhui.store.cursors import CursorInvalid, Cursors
from tests.contracts.rewards.conftest import NOW, Shop

CURSORS = Cursors(b"k" * 32)


def page(shop: Shop, limit: int, cursor: str | None = None, programme: str = "carbon-88") -> Any:
    return list_rewards(programme, limit, cursor, listing=shop.listing, cursors=CURSORS)


def test_a_reward_is_shown_as_the_contract_has_it_with_what_is_left(shop: Shop):
    shop.put(stock=7, shards=3)
    shop.redeem(shop.member(1_000), 2)
    offer = get_reward("cola", listing=shop.listing)
    assert offer_body(offer) == {
        "id": "cola",
        "programme_id": "carbon-88",
        "kind": "good",
        "title": {"zh-CN": "可乐", "en": "Cola"},
        "price_points": 500,
        "stock_left": 5,
        "per_member_limit": 5,
        "state": "on_sale",
        "delivery": "none",
    }
    assert offer.reward == shop.rewards.catalogue.reward("cola")
    with pytest.raises(RewardNotFound):
        get_reward("gold", listing=shop.listing)


def test_pages_hold_every_reward_of_the_programme_once(shop: Shop):
    for number in range(5):
        shop.put(id=f"r{number}", stock=number, per_member_limit=None)
    seen, cursor = [], None
    while True:
        found = page(shop, 2, cursor)
        seen += [(offer.reward.id, offer.stock_left) for offer in found.items]
        if (cursor := found.cursor) is None:
            break
    assert seen == [(f"r{number}", number) for number in range(5)]


def test_a_page_ends_before_its_stock_needs_a_second_read(shop: Shop):
    for number in range(4):
        shop.put(id=f"r{number}", stock=40, shards=40)
    operations: list[str] = []

    def note(_sender: Any, operation_name: str, **_: Any) -> None:
        operations.append(operation_name)

    with pre_dynamodb_send.connected_to(note):
        first = page(shop, 20)
    assert operations == ["Query", "BatchGetItem"]
    assert [offer.reward.id for offer in first.items] == ["r0", "r1"]
    assert sum(offer.reward.shards for offer in first.items) <= STOCK_READS_MAX
    assert [offer.reward.id for offer in page(shop, 20, first.cursor).items] == ["r2", "r3"]


def test_a_cursor_belongs_to_its_programme(shop: Shop):
    for number in range(3):
        shop.put(id=f"r{number}")
    cursor = page(shop, 1).cursor
    with pytest.raises(CursorInvalid):
        page(shop, 1, cursor, "walk-and-win")
    with pytest.raises(ProgrammeNotFound):
        page(shop, 1, None, "elsewhere")
    assert page(shop, 9, None, "walk-and-win") == ([], None)


def test_the_same_reward_put_ten_times_at_once_adds_its_stock_once(shop: Shop):
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: shop.put(shards=3), range(10)))
    assert sorted(shop.left()) == [333, 333, 334]


def test_more_stock_is_added_to_what_is_left_and_a_new_price_applies_from_then_on(shop: Shop):
    shop.put(stock=2)
    me = shop.member(2_000)
    before = shop.redeem(me, 2, key="a")
    with pytest.raises(OutOfStock):
        shop.redeem(me, key="b")
    shop.put(stock=5, price_points=100)
    assert (sum(shop.left()), shop.redeem(me, key="c").points) == (3, 100)
    assert shop.rewards.redemptions.find(me, before.id).points == 1_000
    with pytest.raises(RewardShrinks):
        shop.put(stock=4)


def test_a_process_that_knew_fewer_shards_sells_from_the_new_ones_too(shop: Shop):
    shop.put(stock=1, per_member_limit=None)
    me = shop.member(5_000)
    shop.redeem(me)
    shop.put(stock=4, shards=3, per_member_limit=None)
    assert shop.left() == [1, 1, 1]
    shop.redeem(me, 3)
    assert shop.left() == [0, 0, 0]


def test_redemptions_come_newest_first_in_pages_of_their_owner(shop: Shop):
    shop.put(price_points=1, per_member_limit=None)
    me, other = shop.member(50), shop.member(50)
    made = [shop.redeem(me, key=f"k{n}", now=NOW + timedelta(hours=n)).id for n in range(5)]
    shop.redeem(other, key="k0")
    seen, cursor = [], None
    while True:
        found = list_redemptions(me, 2, cursor, rewards=shop.rewards, cursors=CURSORS)
        seen += [each.id for each in found.items]
        if (cursor := found.cursor) is None:
            break
        with pytest.raises(CursorInvalid):
            list_redemptions(other, 2, cursor, rewards=shop.rewards, cursors=CURSORS)
    assert seen == made[::-1]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shards=st.integers(1, 5),
    stock=st.integers(0, 12),
    orders=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), max_size=8),
    raised=st.integers(0, 4),
)
def test_pieces_left_and_redeemed_are_always_all_there_were(
    shop: Shop, shards: int, stock: int, orders: list[tuple[int, int]], raised: int
):
    reward_id = f"r-{shop.member(0)}"
    terms = {"id": reward_id, "shards": shards, "per_member_limit": None, "price_points": 10}
    shop.put(stock=stock, **terms)
    members = [shop.member(10_000) for _ in range(4)]
    total, sold = stock, 0
    for number, (who, quantity) in enumerate(orders):
        if number == len(orders) // 2:
            total += raised
            shop.put(stock=total, **terms)
        try:
            sold += shop.redeem(members[who], quantity, reward_id=reward_id).quantity
        except OutOfStock:
            assert total - sold < quantity
    assert sum(shop.left(reward_id)) == total - sold
    assert min(shop.left(reward_id)) >= 0
    assert sum(10_000 - shop.points(me) for me in members) == 10 * sold
