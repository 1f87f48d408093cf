"""What the programme itself hands over: who gets it where, told once, given back until it is on its way, received."""

import json
from datetime import datetime, timedelta

import pytest

from puhui.kernel import ids
from puhui.rewards import reconciling
from puhui.rewards.errors import (
    AlreadySent,
    DeliveryNotFound,
    DeliveryRequired,
    NotCancellable,
    NotSentYet,
    RedemptionNotFound,
    RewardNotFound,
)
from puhui.rewards.redemptions import delivering, saga
from puhui.rewards.redemptions.deliveries import SENDING_SHARDS
from puhui.rewards.redemptions.model import (
    CANCELLED,
    FULFILLED,
    RECEIVED_AFTER,
    REFUNDED,
    SENT_WITHIN,
    Redemption,
)
from puhui.rewards.redemptions.views import redemption_body
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
        page = delivering.list_to_send(
            "cola", limit, cursor, rewards=shop.rewards, cursors=CURSORS, sealer=SEALER
        )
        assert len(page.items) <= limit
        assert all(HOME.items() <= each.items() for each in page.items)
        found += [each["redemption_id"] for each in page.items]
        if (cursor := page.cursor) is None:
            return found


def send(shop: Shop, made: Redemption, reference: str = "SF1") -> Redemption:
    return delivering.dispatch(made.reward_id, made.id, reference, "SF", rewards=shop.rewards, now=LATER)


def receive(shop: Shop, made: Redemption, now: datetime = LATER) -> Redemption:
    return delivering.confirm(made.member_id, made.id, rewards=shop.rewards, now=now)


def seen(shop: Shop, made: Redemption, now: datetime = LATER) -> dict[str, str] | None:
    """How far the handing over is, as its member sees it, one by one and in the list."""
    one = redemption_body(shop.rewards.redemptions.find(made.member_id, made.id), now=now)
    [listed] = [
        redemption_body(each, now=now) for each in shop.redemptions(made.member_id) if each.id == made.id
    ]
    told, short = one.get("delivery"), listed.get("delivery")
    assert listed["status"] == one["status"] == ("processing" if waits(told) else made.status)
    assert short == (told and {name: value for name, value in told.items() if name != "tracking_no"})
    return told


def waits(told: dict[str, str] | None) -> bool:
    return bool(told) and told["by"] != "till" and told["state"] in ("to_send", "to_confirm")


def reconcile(shop: Shop, now: datetime) -> None:
    desk = saga.Dependencies(shop.rewards, shop.ledger, None, lambda: None, lambda: SEALER)  # type: ignore[arg-type, return-value]
    reconciling.reconcile(deps=desk, now=now)


def test_every_good_with_an_address_is_listed_once_until_it_is_sent(shop: Shop):
    shop.put(per_member_limit=None, delivery="address")
    made = [order(shop) for _ in range(SENDING_SHARDS * 2)]
    with pytest.raises(DeliveryRequired):
        shop.redeem(shop.member(500))
    order(shop, shop.members[0], "key")  # the same request again
    for limit in (1, 3, 100):
        assert sorted(waiting(shop, limit)) == sorted(each.id for each in made)
    sent = send(shop, made[0])
    assert send(shop, made[0]) == sent, "again changes nothing"
    assert (sent.sent_at, sent.reference, sent.delivery) == (LATER, "SF1", b"")
    assert made[0].id not in waiting(shop)
    assert seen(shop, sent) == {
        "by": "address",
        "state": "sent",
        "sent_at": "2026-11-23T12:00:00+08:00",
        "carrier": "SF",
        "tracking_no": "SF1",
    }
    with pytest.raises(AlreadySent):
        send(shop, made[0], "SF2")


def test_what_nobody_ordered_is_not_sent(shop: Shop):
    shop.put()
    fetched = shop.redeem(shop.member(500))
    with pytest.raises(DeliveryNotFound):
        receive(shop, fetched)
    shop.put(delivery="address")
    for made in (fetched, order(shop)):
        with pytest.raises(DeliveryNotFound):
            delivering.dispatch("tea", made.id, "SF1", rewards=shop.rewards, now=LATER)
    with pytest.raises(DeliveryNotFound):
        send(shop, fetched)
    with pytest.raises(RewardNotFound):
        delivering.list_to_send("no", 1, None, rewards=shop.rewards, cursors=CURSORS, sealer=SEALER)


def test_it_is_given_back_until_it_is_sent_whatever_the_terms_say_of_giving_back(shop: Shop):
    shop.put(per_member_limit=None, delivery="address")
    kept, given = order(shop), order(shop)
    assert redemption_body(given, now=NOW)["cancellable"] is True
    back = shop.cancel(given.member_id, given.id, LATER)
    assert (back.status, back.delivery, back.next_check_at) == (CANCELLED, b"", None)
    assert (waiting(shop), shop.points(given.member_id)) == ([kept.id], 500)
    with pytest.raises(DeliveryNotFound):
        send(shop, given)
    send(shop, kept)
    with pytest.raises(NotCancellable):
        shop.cancel(kept.member_id, kept.id, LATER)


def test_what_was_sent_is_received_when_its_member_says_so_or_after_fifteen_days(shop: Shop):
    shop.put(per_member_limit=None, delivery="address")
    said, silent = order(shop), order(shop)
    assert seen(shop, said) == {"by": "address", "state": "to_send"}
    with pytest.raises(NotSentYet):
        receive(shop, said)
    said, silent = send(shop, said), send(shop, silent)
    with pytest.raises(RedemptionNotFound):
        delivering.confirm(silent.member_id, said.id, rewards=shop.rewards, now=LATER)
    first = receive(shop, said, LATER + timedelta(days=1))
    assert at_once([lambda: receive(shop, said, LATER + timedelta(days=2))] * 4) == [first] * 4
    told = seen(shop, first)
    assert told
    assert (told["state"], told["received_at"]) == ("received", "2026-11-24T12:00:00+08:00")
    assert seen(shop, silent, LATER + RECEIVED_AFTER - timedelta(seconds=1))["state"] == "sent"  # type: ignore[index]
    late = seen(shop, silent, LATER + RECEIVED_AFTER)
    assert late
    assert (late["state"], late["received_at"]) == ("received", "2026-12-08T12:00:00+08:00")


def test_what_nobody_sends_in_thirty_days_is_given_back_and_its_address_gone(shop: Shop):
    shop.put(per_member_limit=None, delivery="address")
    sent, forgotten = send(shop, order(shop)), order(shop)
    reconcile(shop, NOW + SENT_WITHIN - timedelta(seconds=1))
    assert waiting(shop) == [forgotten.id]
    for _ in range(2):
        reconcile(shop, NOW + SENT_WITHIN)
        stands = shop.rewards.redemptions.find(forgotten.member_id, forgotten.id)
        assert (stands.status, stands.reason_code, stands.delivery) == (REFUNDED, "NOT_SENT", b"")
        assert (shop.points(forgotten.member_id), waiting(shop)) == (500, [])
    assert shop.rewards.redemptions.find(sent.member_id, sent.id).status == FULFILLED


def test_a_service_of_the_programme_is_booked_by_an_operator_who_sees_whose_it_is(shop: Shop):
    shop.put(kind="service", per_member_limit=None)
    day, given_back = (shop.redeem(shop.member(500)) for _ in range(2))
    assert seen(shop, day) == {"by": "operator", "state": "to_confirm"}
    page = delivering.list_to_send("cola", 9, None, rewards=shop.rewards, cursors=CURSORS, sealer=SEALER)
    assert {each["member_id"] for each in page.items} == {day.member_id, given_back.member_id}
    assert not any({"address", "phone"} & each.keys() for each in page.items)
    assert shop.cancel(given_back.member_id, given_back.id).status == CANCELLED
    booked = send(shop, day, "HR-7")
    told = seen(shop, booked)
    assert told
    assert (told["state"], told["tracking_no"]) == ("received", "HR-7")
    with pytest.raises(DeliveryNotFound):
        receive(shop, booked)
    with pytest.raises(NotCancellable):
        shop.cancel(booked.member_id, booked.id, LATER)


def test_a_service_is_received_once_the_till_has_taken_all_its_coupons(shop: Shop):
    store = shop.open_store()
    shop.put_coupon(store, kind="service")
    me = shop.member(500)
    made = shop.redeem(me, 2, reward_id="tea")
    assert seen(shop, made) == {"by": "till", "state": "to_confirm"}
    for coupon_id, state in zip(made.coupons, ("to_confirm", "received"), strict=True):
        for _ in range(2):
            shop.verify(store.clerk, shop.coupon(me, coupon_id).code, key=coupon_id)
        assert seen(shop, made)["state"] == state  # type: ignore[index]
    shop.put_coupon(store, id="cake", kind="coupon")
    assert seen(shop, shop.redeem(me, reward_id="cake")) is None  # a coupon tells by itself


def test_sending_and_giving_back_at_once_have_one_winner(shop: Shop):
    shop.put(per_member_limit=None, delivery="address")
    for _ in range(8):
        made = order(shop)
        outcomes = at_once(
            [lambda made=made: send(shop, made), lambda made=made: shop.cancel(made.member_id, made.id)]
        )
        assert len(refused(outcomes)) == 1
        stands = shop.rewards.redemptions.find(made.member_id, made.id)
        assert (stands.status == CANCELLED) is (stands.sent_at is None)
        assert shop.points(made.member_id) == (500 if stands.status == CANCELLED else 0)
    assert waiting(shop) == []
