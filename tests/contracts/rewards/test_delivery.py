"""Goods that the programme itself sends: who gets them where, told once, given back until they are on their way."""

import json
from datetime import timedelta

import pytest

from puhui.kernel import ids
from puhui.rewards import delivery, usecases
from puhui.rewards.dynamo import SENDING_SHARDS
from puhui.rewards.errors import AlreadySent, DeliveryNotFound, NotCancellable, RewardNotFound
from puhui.rewards.model import CANCELLED, Redemption
from puhui.store.sealing import Sealer
from tests.contracts.rewards.conftest import CURSORS, NOW, Shop, at_once, refused

SEALER = Sealer(b"k" * 32, b"p")
HOME = {"recipient": "陈小满", "phone": "13800000000", "address": "天河路 1 号"}
LATER = NOW + timedelta(days=3)


def order(shop: Shop, who: str = "", key: str = "key", **more: object) -> Redemption:
    """A good that shall be sent home."""
    who = who or shop.member(500)
    sealed = SEALER.seal(json.dumps(HOME), ids.key_id(who, "redeem", key), "delivery")
    return shop.redeem(who, key=key, delivery=sealed, **more)


def waiting(shop: Shop, limit: int = 20) -> list[str]:
    """What has to be sent, page by page."""
    found, cursor = [], None
    while True:
        page = delivery.list_to_send(
            "cola", limit, cursor, rewards=shop.rewards, cursors=CURSORS, sealer=SEALER
        )
        assert len(page.items) <= limit
        assert all(HOME.items() <= each.items() for each in page.items)
        found += [each["redemption_id"] for each in page.items]
        if (cursor := page.cursor) is None:
            return found


def send(shop: Shop, made: Redemption, reference: str = "SF1") -> Redemption:
    return delivery.dispatch(made.reward_id, made.id, reference, rewards=shop.rewards, now=LATER)


def test_every_good_with_an_address_is_listed_once_until_it_is_sent(shop: Shop):
    shop.put(per_member_limit=None)
    made = [order(shop) for _ in range(SENDING_SHARDS * 2)]
    shop.redeem(shop.member(500))  # without an address it is fetched
    order(shop, shop.members[0], "key")  # the same request again
    for limit in (1, 3, 100):
        assert sorted(waiting(shop, limit)) == sorted(each.id for each in made)
    sent = send(shop, made[0])
    assert send(shop, made[0]) == sent, "again changes nothing"
    assert (sent.sent_at, sent.reference, sent.delivery) == (LATER, "SF1", b"")
    assert made[0].id not in waiting(shop)
    told = usecases.shown(usecases.find(made[0].member_id, made[0].id, shop.rewards))
    assert (told["status"], told["sent_as"], told["sent_at"]) == (
        "fulfilled",
        "SF1",
        "2026-11-23T12:00:00+08:00",
    )
    with pytest.raises(AlreadySent):
        send(shop, made[0], "SF2")


def test_what_nobody_ordered_is_not_sent(shop: Shop):
    shop.put()
    fetched = shop.redeem(shop.member(500))
    for made in (fetched, order(shop)):
        with pytest.raises(DeliveryNotFound):
            delivery.dispatch("tea", made.id, "SF1", rewards=shop.rewards, now=LATER)
    with pytest.raises(DeliveryNotFound):
        send(shop, fetched)
    with pytest.raises(RewardNotFound):
        delivery.list_to_send("no", 1, None, rewards=shop.rewards, cursors=CURSORS, sealer=SEALER)


def test_it_is_given_back_until_it_is_sent(shop: Shop):
    shop.put(cancellable=True, per_member_limit=None)
    kept, given = order(shop), order(shop)
    assert shop.cancel(given.member_id, given.id, LATER).status == CANCELLED
    assert (waiting(shop), shop.points(given.member_id)) == ([kept.id], 500)
    with pytest.raises(DeliveryNotFound):
        send(shop, given)
    send(shop, kept)
    with pytest.raises(NotCancellable):
        shop.cancel(kept.member_id, kept.id, LATER)


def test_sending_and_giving_back_at_once_have_one_winner(shop: Shop):
    shop.put(cancellable=True, per_member_limit=None)
    for _ in range(8):
        made = order(shop)
        outcomes = at_once(
            [lambda made=made: send(shop, made), lambda made=made: shop.cancel(made.member_id, made.id)]
        )
        assert len(refused(outcomes)) == 1
        stands = usecases.find(made.member_id, made.id, shop.rewards)
        assert (stands.status == CANCELLED) is (stands.sent_at is None)
        assert shop.points(made.member_id) == (500 if stands.status == CANCELLED else 0)
    assert waiting(shop) == []
