"""Points, stock and limit change together or not at all, however many want the same at once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from puhui.kernel import ids
from puhui.kernel.errors import IdempotencyKeyReused, Unavailable
from puhui.ledger.api import Leg, NotEnoughPoints, Transfer, lot_expiring, member, points
from puhui.rewards.errors import (
    DayLimitReached,
    LimitReached,
    NotCancellable,
    NotOnSale,
    OutOfStock,
    PriceChanged,
    QuantityInvalid,
    RedemptionNotFound,
    RewardNotFound,
)
from puhui.rewards.redemptions.cancelling import cancel
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.views import redemption_body
from puhui.rewards.stock.model import home_shard
from puhui.store import aws
from puhui.store.client import DynamoDB
from tests.contracts.rewards.conftest import NOW, Shop, at_once, refused
from tests.support.ledger import post_transfer


def test_five_hundred_points_take_home_the_cola_and_the_next_is_refused(shop: Shop):
    shop.put()
    me = shop.member(600)
    made = shop.redeem(me, key="a")
    assert (made.status, made.points, made.title["en"]) == ("fulfilled", 500, "Cola")
    with pytest.raises(NotEnoughPoints) as error:
        shop.redeem(me, key="b")
    assert error.value.details == {"needed": 500, "available": 100}
    assert (shop.points(me), sum(shop.left()), shop.redemptions(me)) == (100, 999, [_listed(made)])
    assert shop.taken(me, "cola") == 1


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_eight_members_race_for_the_last_three_pieces(shop: Shop, shards: int):
    shop.put(stock=3, shards=shards)
    members = [shop.member(500) for _ in range(8)]
    outcomes = at_once([lambda me=me: shop.redeem(me, key="mine") for me in members])
    assert refused(outcomes) == ["OUT_OF_STOCK"] * 5
    assert (sum(shop.left()), min(shop.left())) == (0, 0)
    for me, outcome in zip(members, outcomes, strict=True):
        got = isinstance(outcome, Redemption)
        assert (shop.points(me), len(shop.redemptions(me)), shop.spent(me)) == (
            (0, 1, 1) if got else (500, 0, 0)
        )


def test_eight_requests_that_spend_one_balance_never_take_more_than_it_holds(shop: Shop):
    shop.put(per_member_limit=None, shards=2)
    me = shop.member(1_600)
    outcomes = at_once([lambda n=n: shop.redeem(me, key=f"k{n}") for n in range(8)])
    assert refused(outcomes) == ["NOT_ENOUGH_POINTS"] * 5
    assert (shop.points(me), sum(shop.left()), shop.spent(me)) == (100, 997, 3)


def test_eight_requests_of_one_member_never_pass_the_limit(shop: Shop):
    shop.put(per_member_limit=2)
    me = shop.member(9_000)
    outcomes = at_once([lambda n=n: shop.redeem(me, key=f"k{n}") for n in range(8)])
    assert refused(outcomes) == ["REWARD_LIMIT_REACHED"] * 6
    assert (shop.points(me), sum(shop.left())) == (8_000, 998)


def test_the_same_request_ten_times_at_once_redeems_once(shop: Shop):
    shop.put(stock=1)
    me = shop.member(500)  # neither points nor stock for a second one
    outcomes = at_once([lambda: shop.redeem(me, key="once")] * 10)
    assert refused(outcomes) == []
    assert (
        len({str(redemption_body(made, now=NOW)) for made in outcomes if isinstance(made, Redemption)}) == 1
    )
    assert (shop.points(me), sum(shop.left()), shop.spent(me)) == (0, 0, 1)


@pytest.mark.parametrize(("balance", "stock"), [(500, 9), (1_000, 1)])
def test_a_request_that_reads_what_its_twin_has_just_spent_gives_the_twins_answer(
    shop: Shop, balance: int, stock: int
):
    shop.put(stock=stock)
    me = shop.member(balance)
    twins: list[Redemption] = []

    def call(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The redemption is read before the twin's transaction, stock and balance after it."""
        if operation == "BatchGetItem" and not twins:
            twins.append(shop.redeem(me, key="once"))
            answer = aws.call(service, operation, request)
            kept = [item for item in answer["Responses"][shop.tables[0]] if item["entry"]["S"][:2] != "X#"]
            answer["Responses"][shop.tables[0]] = kept
            return answer
        return aws.call(service, operation, request)

    made = shop.redeem(me, key="once", process=shop.connect(DynamoDB(call)))
    assert [made.id] == [twin.id for twin in twins]
    assert (shop.points(me), sum(shop.left()), shop.spent(me)) == (balance - 500, stock - 1, 1)


def test_a_repetition_gives_the_first_answer_whatever_has_changed_since(shop: Shop):
    shop.put(stock=1)
    me = shop.member(500)
    first = shop.redeem(me, key="a")
    shop.put(stock=1, price_points=900, title={"zh-CN": "汽水", "en": "Soda"})
    again = shop.redeem(me, key="a", now=NOW + timedelta(days=40))
    assert redemption_body(again, now=NOW) == redemption_body(first, now=NOW)
    assert again.points == 500


def test_a_key_that_stands_for_another_request_is_refused(shop: Shop):
    shop.put()
    me = shop.member(2_000)
    shop.redeem(me, key="a")
    with pytest.raises(IdempotencyKeyReused):
        shop.redeem(me, 2, key="a")
    assert (shop.points(me), sum(shop.left())) == (1_500, 999)


def test_without_a_key_each_request_is_a_new_one(shop: Shop):
    shop.put()
    me = shop.member(1_000)
    assert shop.redeem(me).id != shop.redeem(me).id
    assert shop.points(me) == 0


def test_two_members_may_use_the_same_key(shop: Shop):
    shop.put()
    assert shop.redeem(shop.member(500), key="a").id != shop.redeem(shop.member(500), key="a").id


@pytest.mark.parametrize("lost", [aws.NoAnswer("TransactWriteItems"), KeyboardInterrupt()])
def test_a_reply_lost_after_the_effect_is_found_again(shop: Shop, lost: BaseException):
    shop.put(stock=1)
    me = shop.member(500)
    faults = [lost]

    def call(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer = aws.call(service, operation, request)
        if operation == "TransactWriteItems" and faults:
            raise faults.pop()
        return answer

    process = shop.connect(DynamoDB(call))
    if isinstance(lost, aws.NoAnswer):  # the client sends the same bytes again
        shop.redeem(me, key="a", process=process)
    else:  # the process dies; the member comes again later
        with pytest.raises(KeyboardInterrupt):
            shop.redeem(me, key="a", process=process)
    again = shop.redeem(me, key="a", now=NOW + timedelta(minutes=9))
    assert [again.id] == [each.id for each in shop.redemptions(me)]
    assert (shop.points(me), sum(shop.left()), shop.spent(me)) == (0, 0, 1)


def test_pieces_are_never_refused_while_some_remain_in_other_shards(shop: Shop):
    shop.put(stock=8, shards=4, per_member_limit=None)
    me = shop.member(9_000)
    shop.redeem(me, 7, key="most")  # two of each of three shards, and one more
    assert sorted(shop.left()) == [0, 0, 0, 1]
    with pytest.raises(OutOfStock) as error:
        shop.redeem(me, 2, key="two")
    assert error.value.details == {"stock_left": 1}
    shop.redeem(shop.member(500), key="last")
    assert (sum(shop.left()), shop.points(me)) == (0, 5_500)


def test_pieces_that_move_between_shards_while_they_are_read_are_not_overlooked(shop: Shop):
    shop.put(stock=1, shards=2, per_member_limit=None)
    me, twin = (_of_shard(shop, home) for home in (0, 0))
    shop.redeem(me)  # the piece of the first shard
    shop.put(stock=10, shards=2, per_member_limit=None)
    shop.redeem(me, 5)
    assert shop.left() == [0, 4]
    torn: list[Redemption] = []

    def call(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The first shard is read before somebody's redemption moves pieces into it, the second one after it."""
        answer = aws.call(service, operation, request)
        keys = request["RequestItems"][shop.rewards_table]["Keys"] if operation == "BatchGetItem" else []
        if not torn and len(keys) == 2 and all(key["entry"]["S"] == "stock" for key in keys):
            torn.append(shop.redeem(twin))
            later = aws.call(service, operation, request)["Responses"][shop.rewards_table]
            rows = [*answer["Responses"][shop.rewards_table], *later]
            first = next(row for row in rows if row["owner"]["S"].endswith(":0"))
            second = next(row for row in rows[::-1] if row["owner"]["S"].endswith(":1"))
            assert (first["stock_left"]["N"], second["stock_left"]["N"]) == ("0", "2")
            answer["Responses"][shop.rewards_table] = [first, second]
        return answer

    shop.redeem(me, 3, process=shop.connect(DynamoDB(call)))
    assert (len(torn), shop.left()) == (1, [0, 0])


def test_eight_processes_sell_all_of_fifty_pieces_and_refuse_nobody_before(shop: Shop):
    shop.put(stock=50, shards=5, per_member_limit=None, price_points=1)
    members = [shop.member(9) for _ in range(40)]
    orders = [(me, f"k{n}") for n in range(5) for me in members]

    def work(first: int) -> list[int]:
        """The pieces that were left, over all shards, after each refusal."""
        process, after = shop.connect(DynamoDB()), []
        for me, key in orders[first::8]:
            done = False
            while not done:  # whoever is told to come again comes again, with the same key
                try:
                    shop.redeem(me, key=key, process=process)
                    done = True
                except OutOfStock:
                    after.append(sum(shop.left()))
                    done = True
                except Unavailable:
                    continue
        return after

    after = [left for each in at_once([lambda n=n: work(n) for n in range(8)]) for left in each]
    assert after == [0] * 150
    assert shop.left() == [0] * 5
    assert sum(9 - shop.points(me) for me in members) == 50


def test_the_days_limit_begins_anew_at_midnight_in_china_and_counts_what_came_back(shop: Shop):
    shop.put(per_member_limit=5, per_day_limit=2, cancellable=True)
    me, midnight = shop.member(9_000), NOW.replace(hour=16)
    first = shop.redeem(me, 2)
    with pytest.raises(DayLimitReached) as error:
        shop.redeem(me, now=midnight - timedelta(seconds=1))
    assert error.value.details == {"limit": 2, "taken": 2}
    with pytest.raises(DayLimitReached):
        shop.redeem(me, 3, now=midnight)
    second = shop.redeem(me, 2, now=midnight)
    assert [shop.taken(me, entry) for entry in ("cola", "cola#2026-11-20", "cola#2026-11-21")] == [4, 2, 2]
    shop.cancel(me, first.id, midnight)  # counts where it was taken, whenever it comes back
    assert [shop.taken(me, entry) for entry in ("cola", "cola#2026-11-20", "cola#2026-11-21")] == [2, 0, 2]
    with pytest.raises(DayLimitReached):
        shop.redeem(me, now=midnight)
    shop.cancel(me, second.id, midnight)
    shop.redeem(me, 2, now=midnight)
    assert (shop.taken(me, "cola"), shop.points(me), sum(shop.left())) == (2, 8_000, 998)


def test_what_comes_back_long_after_its_day_leaves_no_counter_for_ever(shop: Shop):
    shop.put_coupon(shop.open_store(), stock=9, per_day_limit=2, cancellable=True)
    me = shop.member(500)
    made = shop.redeem(me, reward_id="tea")
    counter = {"owner": f"member:{me}", "entry": "L#tea#2026-11-20"}
    table, dynamodb = shop.rewards_table, shop.rewards.dynamodb
    dynamodb.delete_all(table, [counter])  # its time to live was over
    shop.cancel(me, made.id, NOW + timedelta(days=9))
    item = dynamodb.get(table, counter)
    assert item
    assert item["expires_at"] < (NOW + timedelta(days=9)).timestamp()


def test_eight_requests_of_one_day_never_pass_the_days_limit(shop: Shop):
    shop.put(per_member_limit=5, per_day_limit=3, shards=3)
    me = shop.member(9_000)
    outcomes = at_once([lambda n=n: shop.redeem(me, key=f"k{n}") for n in range(8)])
    assert refused(outcomes) == ["REWARD_DAY_LIMIT_REACHED"] * 5
    assert (shop.points(me), shop.taken(me, "cola"), shop.taken(me, "cola#2026-11-20")) == (7_500, 3, 3)


def test_a_limit_is_free_again_once_pieces_come_back(shop: Shop):
    shop.put(per_member_limit=2, cancellable=True)
    me = shop.member(9_000)
    first = shop.redeem(me, 2)
    with pytest.raises(LimitReached):
        shop.redeem(me)
    assert shop.cancel(me, first.id).status == "cancelled"
    assert shop.cancel(me, first.id).status == "cancelled"  # again changes nothing
    assert (shop.points(me), sum(shop.left()), shop.taken(me, "cola")) == (9_000, 1_000, 0)
    shop.redeem(me, 2)
    with pytest.raises(LimitReached):
        shop.redeem(me)


def test_points_that_come_back_go_into_the_lots_they_came_from(shop: Shop):
    shop.put_coupon(shop.open_store(), stock=9, price_points=150, cancellable=True)
    me = shop.member(500, months=(1, 2, 24))
    before = shop.lots(me)
    made = shop.redeem(me, 2, reward_id="tea")
    shop.cancel(me, made.id)
    assert shop.lots(me) == before
    again = shop.redeem(me, 2, reward_id="tea")
    shop.cancel(me, again.id, NOW + timedelta(days=45))  # in January: December's lot has ended
    assert shop.lots(me) == {
        "2027-01": before["2027-01"],
        "2028-11": before["2028-11"],
        "2026-12+": before["2026-12"],  # a month from its first end, once
    }


def test_a_good_that_nobody_verifies_is_given_back_within_a_day(shop: Shop):
    shop.put(cancellable=True)
    me = shop.member(1_000)
    made, other = (shop.redeem(me) for _ in range(2))
    assert shop.cancel(me, made.id, NOW + timedelta(hours=23, minutes=59)).status == "cancelled"
    with pytest.raises(NotCancellable):
        shop.cancel(me, other.id, NOW + timedelta(hours=24))
    assert (shop.points(me), sum(shop.left())) == (500, 999)


def test_nobody_pays_more_than_what_was_shown(shop: Shop):
    shop.put()
    me, shown = shop.member(2_000), {"price_points": 500}
    made = shop.redeem(me, key="a", **shown)
    shop.put(price_points=900)
    with pytest.raises(PriceChanged) as refusal:
        shop.redeem(me, key="b", **shown)
    assert (refusal.value.details, shop.points(me)) == ({"price_points": 900}, 1_500)
    assert shop.redeem(me, key="a", **shown) == made, "again is the first answer, whatever it costs now"
    assert shop.redeem(me, key="c", price_points=900).points == 900


def test_a_reward_of_a_merchant_that_is_not_there_is_refused(shop: Shop):
    shop.put(merchant_id="nobody")
    with pytest.raises(NotOnSale):
        shop.redeem(shop.member(500))


def test_more_than_the_limit_at_once_or_in_turn_is_refused(shop: Shop):
    shop.put(per_member_limit=3)
    me = shop.member(5_000)
    with pytest.raises(LimitReached):
        shop.redeem(me, 4)
    shop.redeem(me, 2)
    with pytest.raises(LimitReached) as error:
        shop.redeem(me, 2)
    assert error.value.details == {"limit": 3, "taken": 2}
    shop.redeem(me, 1)
    assert (shop.points(me), sum(shop.left())) == (3_500, 997)


def test_what_is_not_there_and_odd_quantities_are_refused_and_leave_nothing(shop: Shop):
    shop.put()
    me = shop.member(500)
    with pytest.raises(RewardNotFound):
        shop.redeem(me, reward_id="gold")
    for quantity in (0, -1, 101):
        with pytest.raises(QuantityInvalid):
            shop.redeem(me, quantity)
    assert (shop.points(me), sum(shop.left()), shop.redemptions(me)) == (500, 1_000, [])


def test_another_members_redemption_is_not_found(shop: Shop):
    shop.put()
    made = shop.redeem(shop.member(500), key="a")
    assert shop.rewards.redemptions.find(made.member_id, made.id) == made
    with pytest.raises(RedemptionNotFound):
        shop.rewards.redemptions.find(shop.member(0), made.id)


def _listed(made: Redemption) -> Redemption:
    """A redemption as a list has it: without what only its next step needs."""
    return replace(made, body_hash="", counts_for_member=False)


def _of_shard(shop: Shop, home: int) -> str:
    """A new member who looks first in this one of two shards."""
    return next(me for me in (shop.member(9_000) for _ in range(99)) if home_shard(me, 2) == home)


def test_points_of_many_months_are_spent_and_come_back_lot_by_lot(shop: Shop):
    shop.put(price_points=36, cancellable=True, partner_id="")
    me, asset = shop.member(0), points("carbon-88")
    for months in range(36):
        lot = lot_expiring(NOW.date(), months)
        legs = (Leg("issuance:carbon-88", asset, -1), Leg(member(me), asset, 1, lot))
        post_transfer(Transfer(ids.new_id(NOW), "credit", NOW, legs), ledger=shop.ledger, now=NOW)
    made = shop.redeem(me, key="many")
    assert shop.points(me) == 0
    spent = shop.ledger.transfer(member(me), made.transfer_id)
    assert spent is not None
    assert len(spent.legs) == 37
    cancel(me, made.id, rewards=shop.rewards, ledger=shop.ledger, now=NOW)
    assert shop.points(me) == 36
