"""Rewards with a queue: a ticket costs one write, and what it asked for happens when it is its turn."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from puhui.kernel.errors import IdempotencyKeyReused, Unavailable
from puhui.rewards.errors import TicketsOpen
from puhui.rewards.redemptions import outbox, queue
from puhui.rewards.redemptions.model import CANCELLED, FULFILLED, QUEUED, Redemption
from puhui.rewards.redemptions.repository import REDEMPTION
from puhui.rewards.redemptions.views import redemption_body
from puhui.rewards.stock.model import home_shard
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.values import Item
from tests.contracts.rewards.conftest import NOW, Shop, Store, at_once, refused
from tests.support import gateway
from tests.support.gateway import call


@pytest.fixture
def store(shop: Shop) -> Store:
    return shop.open_store()


def tickets(shop: Shop, count: int, balance: int = 500, **more: Any) -> list[Redemption]:
    """One ticket each of so many new members, in their order."""
    return [shop.redeem(shop.member(balance), reward_id="tea", key="mine", **more) for _ in range(count)]


def test_a_ticket_has_a_number_and_takes_nothing(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, queue_lanes=1)
    first, second, third = tickets(shop, 3)
    assert [each.number for each in (first, second, third)] == [1, 2, 3]
    assert {(each.status, each.coupons, each.queue_shards) for each in (first, second, third)} == {
        (QUEUED, (), 1)
    }
    assert (shop.points(first.member_id), shop.left("tea")) == (500, [10])
    places = [queue.serving(each, rewards=shop.rewards) for each in (first, second, third)]
    told = [
        redemption_body(each, place, now=NOW)
        for each, place in zip((first, second, third), places, strict=True)
    ]
    assert [each["ahead"] for each in told] == [0, 1, 2]
    assert {each["poll_after_seconds"] for each in told} == {2}
    served = shop.serve(first)
    assert (served.status, len(served.coupons), queue.serving(served, rewards=shop.rewards)) == (
        FULFILLED,
        1,
        None,
    )
    assert [queue.serving(each, rewards=shop.rewards) for each in (second, third)] == [1, 1]
    assert redemption_body(second, 1, now=NOW)["ahead"] == 0
    assert (shop.points(first.member_id), shop.left("tea")) == (400, [9])


def test_each_member_stands_in_one_lane_and_lanes_count_for_themselves(shop: Shop, store: Store):
    shop.put_coupon(store, stock=50, queue_lanes=3)
    all_of_them = tickets(shop, 24)
    for lane in range(3):
        mine = [each for each in all_of_them if each.queue_shard == lane]
        assert [each.number for each in mine] == list(range(1, len(mine) + 1))
        assert {home_shard(each.member_id, 3) for each in mine} == {lane}
        assert shop.queue("tea", lane) == {"issued": len(mine), "serving": 0}
    last = max(all_of_them, key=lambda each: each.number)
    assert redemption_body(last, 0, now=NOW)["ahead"] == 3 * (last.number - 1)


def test_the_same_key_again_is_the_same_ticket_and_another_body_is_refused(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, queue_lanes=1)
    me = shop.member(500)
    outcomes = at_once([lambda: shop.redeem(me, reward_id="tea", key="once")] * 8)
    assert refused(outcomes) == []
    (listed,) = shop.redemptions(me)
    ticket = shop.rewards.redemptions.find(me, listed.id)
    assert outcomes == [ticket] * 8
    with pytest.raises(IdempotencyKeyReused):
        shop.redeem(me, 2, reward_id="tea", key="once")
    (other,) = tickets(shop, 1)  # numbers that nobody came to use are gaps
    assert other.number > 1
    assert shop.serve(ticket).status == FULFILLED
    assert shop.serve(other).status == FULFILLED
    assert shop.redeem(me, reward_id="tea", key="once").status == FULFILLED  # what became of it


def test_it_is_served_once_whoever_serves_and_however_often(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, queue_lanes=1, shards=3, per_member_limit=2)
    (ticket,) = tickets(shop, 1)
    outcomes = at_once([lambda: shop.serve(ticket, process=shop.connect(DynamoDB()))] * 8)
    assert refused(outcomes) == []
    assert outcomes == [shop.serve(ticket, NOW + timedelta(days=2))] * 8
    assert (shop.points(ticket.member_id), sum(shop.left("tea")), shop.spent(ticket.member_id)) == (400, 9, 1)
    assert (shop.taken(ticket.member_id, "tea"), len(shop.rewards.member_items(ticket.member_id)[1])) == (
        1,
        1,
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_that_dies_is_followed_by_another(shop: Shop, store: Store, when: str):
    shop.put_coupon(store, stock=10, queue_lanes=1)
    (ticket,) = tickets(shop, 1)
    deaths = [KeyboardInterrupt()]

    def dying(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation == "TransactWriteItems" and deaths and when == "before":
            raise deaths.pop()
        answer = aws.call(service, operation, request)
        if operation == "TransactWriteItems" and deaths:
            raise deaths.pop()
        return answer

    with pytest.raises(KeyboardInterrupt):
        shop.serve(ticket, process=shop.connect(DynamoDB(dying)))
    assert shop.serve(ticket).status == FULFILLED
    assert (shop.points(ticket.member_id), shop.left("tea"), shop.queue("tea", 0)["serving"]) == (400, [9], 1)


@pytest.mark.parametrize(
    "code",
    ["OUT_OF_STOCK", "REWARD_LIMIT_REACHED", "NOT_ENOUGH_POINTS", "NOT_ON_SALE", "MERCHANT_SUSPENDED"],
)
def test_a_ticket_that_cannot_be_served_is_cancelled_with_the_reason(shop: Shop, store: Store, code: str):
    stock, limit = (2, 1) if code == "REWARD_LIMIT_REACHED" else (1, 5)
    shop.put_coupon(store, stock=stock, queue_lanes=1, per_member_limit=limit)
    shop.put()
    me = shop.member(550)
    ticket = shop.redeem(me, stock if limit == 1 else 1, reward_id="tea", key="mine")
    match code:
        case "OUT_OF_STOCK":
            shop.serve(*tickets(shop, 1))
        case "NOT_ENOUGH_POINTS":
            shop.redeem(me, reward_id="cola")
        case "NOT_ON_SALE":
            shop.close()
        case "MERCHANT_SUSPENDED":
            shop.decide(store, "suspend")
    before = shop.points(me), shop.left("tea")
    served = shop.serve(ticket, process=shop.connect(DynamoDB()))  # that has not read the terms before
    assert (served.status, served.reason_code, served.coupons) == (CANCELLED, code, ())
    assert redemption_body(served, now=NOW)["reason_code"] == code
    assert (shop.points(me), shop.left("tea")) == before
    assert shop.serve(ticket) == served
    assert (shop.taken(me, "tea"), shop.rewards.member_items(me)[1]) == (None, [])
    assert shop.redeem(me, ticket.quantity, reward_id="tea", key="mine") == served


def test_whoever_leaves_the_queue_leaves_it_for_good_and_the_lane_goes_on(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, queue_lanes=1)
    first, second = tickets(shop, 2)
    left = shop.cancel(first.member_id, first.id)
    assert (left.status, left.reason_code) == (CANCELLED, "CANCELLED_BY_MEMBER")
    assert shop.serve(first) == left == shop.cancel(first.member_id, first.id)
    assert shop.queue("tea", 0) == {"issued": 2, "serving": 1}
    assert shop.serve(second).status == FULFILLED
    assert (shop.points(first.member_id), shop.left("tea")) == (500, [9])


def test_leaving_races_the_turn_and_one_of_them_wins(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, queue_lanes=1)
    for ticket in tickets(shop, 6):
        outcomes = at_once(
            [
                lambda each=ticket: shop.cancel(each.member_id, each.id),
                lambda each=ticket: shop.serve(each),
            ]
        )
        stands = shop.rewards.redemptions.find(ticket.member_id, ticket.id)
        lost = ["NOT_CANCELLABLE"] if stands.status == FULFILLED else []
        assert (stands.status in (FULFILLED, CANCELLED), refused(outcomes)) == (True, lost)
        assert shop.points(ticket.member_id) == (400 if stands.status == FULFILLED else 500)
    sold = 10 - sum(shop.left("tea"))
    assert sold == sum(shop.spent(who) for who in shop.members)


def test_the_serving_number_only_grows_whatever_the_order(shop: Shop, store: Store):
    shop.put_coupon(store, stock=20, queue_lanes=1)
    waiting, seen, highest = tickets(shop, 8), [], []
    random.Random(3).shuffle(waiting)
    for each in waiting:
        shop.serve(each)
        seen.append(shop.queue("tea", 0)["serving"])
        highest.append(max([*highest, each.number]))
    assert seen == highest
    assert seen[-1] == 8
    shop.serve(waiting[0])
    assert shop.queue("tea", 0)["serving"] == 8


def test_a_request_that_died_after_it_took_a_number_leaves_a_gap_and_no_harm(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, queue_lanes=1)
    me = shop.member(500)

    def dying(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation == "TransactWriteItems":
            raise KeyboardInterrupt
        return aws.call(service, operation, request)

    with pytest.raises(KeyboardInterrupt):
        shop.redeem(me, reward_id="tea", key="mine", process=shop.connect(DynamoDB(dying)))
    assert (shop.redemptions(me), shop.queue("tea", 0)["issued"]) == ([], 1)
    (next_one,) = tickets(shop, 1)
    assert redemption_body(next_one, 0, now=NOW)["ahead"] == 1  # one too many, until somebody later is served
    mine = shop.redeem(me, reward_id="tea", key="mine")
    assert [next_one.number, mine.number] == [2, 3]
    assert [shop.serve(each).status for each in (next_one, mine)] == [FULFILLED] * 2
    assert shop.queue("tea", 0) == {"issued": 3, "serving": 3}


def test_it_costs_the_price_of_its_moment_and_counts_against_that_day(shop: Shop, store: Store):
    terms = {"stock": 10, "queue_lanes": 1, "per_day_limit": 2}
    shop.put_coupon(store, **terms)
    me, tomorrow = shop.member(2_000), NOW + timedelta(days=1)
    yesterday = shop.redeem(me, 2, reward_id="tea", key="a")
    shop.put_coupon(store, **terms, price_points=400)
    today = shop.redeem(me, 2, reward_id="tea", key="b", now=tomorrow)
    assert [shop.serve(each, tomorrow).points for each in (yesterday, today)] == [200, 800]
    assert (shop.points(me), shop.taken(me, "tea#2026-11-20"), shop.taken(me, "tea#2026-11-21")) == (
        1_000,
        2,
        2,
    )


def test_points_that_ended_while_one_waited_are_not_spent(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, queue_lanes=1)
    me = shop.member(500, months=(0,))
    ticket = shop.redeem(me, reward_id="tea", key="a")
    assert shop.serve(ticket, NOW + timedelta(days=11)).reason_code == "NOT_ENOUGH_POINTS"


def test_eight_servers_give_two_hundred_tickets_exactly_fifty_pieces(shop: Shop, store: Store):
    shop.put_coupon(store, stock=50, shards=4, queue_lanes=4, price_points=1)
    members = [shop.member(50) for _ in range(50)]
    made = [shop.redeem(who, reward_id="tea", key=f"k{n}") for n in range(4) for who in members]
    random.Random(5).shuffle(made)
    waiting = [*made, *made[::5]]  # a stream gives some of them twice

    def work(first: int) -> list[Redemption]:
        process, served = shop.connect(DynamoDB()), []
        for ticket in waiting[first::8]:
            while not served or served[-1].id != ticket.id:
                try:  # as the stream does: what failed comes again
                    served.append(shop.serve(ticket, process=process))
                except Unavailable:
                    continue
                if served[-1].reason_code:  # nobody is sent away while there is a piece
                    assert sum(shop.left("tea")) == 0
        return served

    outcomes = at_once([lambda n=n: work(n) for n in range(8)])
    assert refused(outcomes) == []
    ends = {each.id: each for done in outcomes if isinstance(done, list) for each in done}
    assert len(ends) == 200
    assert sorted(each.status for each in ends.values()) == [CANCELLED] * 150 + [FULFILLED] * 50
    assert {each.reason_code for each in ends.values()} == {"", "OUT_OF_STOCK"}
    assert shop.left("tea") == [0] * 4
    assert sum(50 - shop.points(who) for who in members) == 50
    assert sum(len(shop.rewards.member_items(who)[1]) for who in members) == 50
    assert sum(shop.queue("tea", lane)["serving"] for lane in range(4)) == 200


def test_a_member_has_twenty_tickets_open_and_no_more(shop: Shop, store: Store):
    shop.put_coupon(store, stock=40, queue_lanes=1)
    me, other = shop.member(5_000), shop.member(500)
    first, second, *_ = (shop.redeem(me, reward_id="tea", key=f"k{n}") for n in range(20))
    with pytest.raises(TicketsOpen):
        shop.redeem(me, reward_id="tea", key="k20")
    assert shop.redeem(me, reward_id="tea", key="k0") == first, "again is the first answer"
    assert shop.redeem(other, reward_id="tea").number == 21, "what is refused takes no number"
    shop.serve(first)
    shop.cancel(me, second.id)
    assert [shop.redeem(me, reward_id="tea", key=f"k{n}").status for n in (20, 21)] == [QUEUED] * 2
    with pytest.raises(TicketsOpen):
        shop.redeem(me, reward_id="tea", key="k22")


def test_a_place_whose_ticket_was_never_written_is_the_same_place_again(shop: Shop, store: Store):
    shop.put_coupon(store, stock=40, queue_lanes=1)
    me = shop.member(500)
    for _ in range(3):
        shop.rewards.tickets.reserve(shop.redeem(me, reward_id="tea", key="mine"))
    places = shop.rewards.dynamodb.get(shop.rewards_table, {"owner": f"member:{me}", "entry": "Q#tea"})
    assert places
    assert (len(places["open"]), places["expires_at"]) == (1, int(NOW.timestamp()) + 86_400)


def test_a_ticket_that_the_stream_gave_up_is_served_when_its_member_asks_again(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, queue_lanes=1)
    first, second = tickets(shop, 2)
    later = NOW + timedelta(minutes=2)

    def ask(ticket: Redemption, now: datetime = later) -> Item:
        served = queue.serving(ticket, rewards=shop.rewards)
        queue.requeue(ticket, served, rewards=shop.rewards, now=now)
        return (
            shop.rewards.dynamodb.get(*shop.rewards.redemptions.redemption_key(ticket.member_id, ticket.id))
            or {}
        )

    assert "requeued_at" not in ask(first), "its turn is still to come"
    shop.serve(second)
    before = REDEMPTION.item(first)
    assert "requeued_at" not in ask(first, NOW + timedelta(seconds=59))
    image = ask(first)
    assert image["requeued_at"] == ask(first, later + timedelta(seconds=59))["requeued_at"], "once a minute"
    assert image["requeued_at"] < ask(first, later + timedelta(seconds=60))["requeued_at"]
    for _ in range(2):
        outbox.serve(before, image, rewards=shop.rewards, ledger=shop.ledger, now=later)
    served = shop.rewards.redemptions.find(first.member_id, first.id)
    assert (served.status, shop.left("tea"), shop.points(first.member_id)) == (FULFILLED, [8], 400)
    assert "requeued_at" not in ask(served)


def test_only_a_waiting_ticket_is_served_from_the_stream(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, queue_lanes=1)
    ticket, other = tickets(shop, 2)
    image, gone = REDEMPTION.item(ticket), REDEMPTION.item(shop.cancel(other.member_id, other.id))
    shop.put()
    straight = REDEMPTION.item(shop.redeem(shop.member(500)))
    for old, new in (
        (image, gone),
        (image, None),
        (None, straight),
        (None, {"entry": "L#tea"}),
        (None, gone),
    ):
        outbox.serve(old, new, rewards=shop.rewards, ledger=shop.ledger, now=NOW)
    assert shop.queue("tea", 0)["serving"] == 0
    for _ in range(2):
        outbox.serve(None, image, rewards=shop.rewards, ledger=shop.ledger, now=NOW)
    stands = shop.rewards.redemptions.find(ticket.member_id, ticket.id)
    assert (stands.status, shop.left("tea"), shop.queue("tea", 0)["serving"]) == (FULFILLED, [9], 1)


def test_a_client_gets_202_and_its_place_and_then_what_became_of_it(
    only_shipped_programmes: None, shop: Shop, store: Store, monkeypatch: pytest.MonkeyPatch
):
    for operation in ("redeem", "get_redemption", "cancel_redemption"):
        monkeypatch.setattr(gateway.handler(operation), "REWARDS", shop.rewards)
    for operation in ("redeem", "cancel_redemption"):
        monkeypatch.setattr(gateway.handler(operation), "LEDGER", shop.ledger)
    shop.put_coupon(store, stock=10, queue_lanes=1)
    tickets(shop, 1)
    me, body = shop.member(500), {"reward_id": "tea", "quantity": 1}

    def ask(key: str = "key-1", **more: Any) -> gateway.Answer:
        return call("redeem", member=me, headers={"Idempotency-Key": key}, body=body | more)

    first = ask()
    assert (first.status, first.json["status"], first.json["ahead"]) == (202, QUEUED, 1)
    assert (ask().status, ask().json) == (202, first.json)
    assert ask(quantity=2).status == 422
    path = {"redemption_id": first.json["id"]}
    shown = call("get_redemption", member=me, path=path)
    assert (shown.status, shown.json) == (200, first.json)
    assert call("get_redemption", member=shop.members[0], path=path).status == 404
    ticket = shop.rewards.redemptions.find(me, first.json["id"])
    served = shop.serve(ticket)
    assert (ask().status, ask().json["coupons"]) == (201, list(served.coupons))
    assert "ahead" not in call("get_redemption", member=me, path=path).json
    late = ask("key-2").json
    gone = call("cancel_redemption", member=me, path={"redemption_id": late["id"]})
    assert (gone.status, gone.json["status"], gone.json["reason_code"]) == (
        200,
        CANCELLED,
        "CANCELLED_BY_MEMBER",
    )
