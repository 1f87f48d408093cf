"""Coupons: issued with the redemption, taken once at a till, handed on, ended."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from puhui.kernel import clock
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.merchants.api import MerchantSuspended
from puhui.merchants.staff.model import Branch
from puhui.rewards import reconciling
from puhui.rewards.coupons import usecases as coupons
from puhui.rewards.coupons.model import EXPIRED, ISSUED, OFFLINE_GRACE, USED, Coupon
from puhui.rewards.coupons.views import coupon_body, spaced, verification_body
from puhui.rewards.errors import (
    CouponNotFound,
    CouponNotHere,
    CouponNotTransferable,
    CouponNotUsable,
    CouponUsed,
    NotCancellable,
    OwnCoupon,
    ScanTimeInvalid,
)
from puhui.rewards.redemptions.model import CANCELLED
from puhui.rewards.redemptions.saga import Dependencies
from puhui.rewards.redemptions.views import redemption_body
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.limits import Limits
from puhui.store.session import Session
from tests.contracts.rewards.conftest import (
    CURSORS,
    HANDS_ON,
    NOW,
    OTHER_AUTHORITY,
    RETURNS,
    Shop,
    Store,
    at_once,
    refused,
)
from tests.support import gateway
from tests.support.gateway import call

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def store(shop: Shop) -> Store:
    return shop.open_store()


@pytest.fixture
def coupon(shop: Shop, store: Store) -> Coupon:
    """One cup of tea that somebody has paid for."""
    shop.put_coupon(store, stock=10)
    return shop.buy(shop.member(500))[0]


# Issued


def test_a_redemption_gives_a_coupon_for_each_piece_with_the_terms_of_that_moment(shop: Shop, store: Store):
    shop.fund(10_000)
    sponsor = {"budget_id": "green", "fen": 150}
    shop.put_coupon(store, stock=10, regions=["CN-GD"], valid_days=30, sponsor=sponsor)
    me = shop.member(500)
    made = shop.redeem(me, 3, reward_id="tea", key="a")
    given = [shop.coupon(me, coupon_id) for coupon_id in made.coupons]
    shop.put_coupon(
        store,
        stock=20,
        price_points=900,
        title={"zh-CN": "咖啡", "en": "Coffee"},
        regions=["CN-BJ"],
        valid_days=1,
        sponsor=sponsor,
    )
    assert given == [shop.coupon(me, coupon_id) for coupon_id in made.coupons]
    assert made.coupons == tuple(f"{made.id}-{number}" for number in range(3))
    assert len({each.code for each in given}) == 3
    for each in given:
        assert (each.status, each.member_id, each.redeemer_id, each.merchant_id) == (ISSUED, me, me, store.id)
        assert (each.price_points, each.fen, each.budget_id, each.title["en"]) == (100, 150, "green", "Cola")
        assert (each.regions, each.issued_at) == (("CN-GD",), NOW)
        assert each.expires_at == datetime(2026, 12, 20, 16, tzinfo=UTC)  # thirty whole days after today
    assert redemption_body(shop.redeem(me, 3, reward_id="tea", key="a"), now=NOW) == redemption_body(
        made, now=NOW
    )
    assert (shop.points(me), sum(shop.left("tea"))) == (200, 17)


def test_the_same_request_ten_times_at_once_gives_each_coupon_once(shop: Shop, store: Store):
    shop.put_coupon(store, stock=2)
    me = shop.member(200)
    outcomes = at_once([lambda: shop.redeem(me, 2, reward_id="tea", key="once")] * 10)
    assert refused(outcomes) == []
    _, given = shop.rewards.member_items(me)
    assert len(given) == 2
    assert (shop.points(me), shop.left("tea")) == (0, [0])


def test_a_members_coupons_come_in_pages_and_are_nobody_elses(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10)
    me, other = shop.member(500), shop.member(500)
    mine = [each.id for each in shop.buy(me, 5)]
    shop.buy(other)
    seen: list[str] = []
    cursor = None
    while True:
        page = coupons.list_coupons(me, 2, cursor, rewards=shop.rewards, cursors=CURSORS)
        seen += [each.id for each in page.items]
        if (cursor := page.cursor) is None:
            break
    assert seen == mine
    with pytest.raises(CouponNotFound):
        shop.coupon(other, mine[0])


# At the till


def test_two_tills_at_the_same_moment_take_a_coupon_once(shop: Shop, store: Store, coupon: Coupon):
    people = [store.clerk, store.colleague, store.manager, store.owner] * 2
    outcomes = at_once(
        [lambda n=n, who=who: shop.verify(who, coupon.code, key=f"till {n}") for n, who in enumerate(people)]
    )
    assert refused(outcomes) == ["COUPON_USED"] * 7
    (due,) = shop.dues(store.id)
    taken = next(each for each in outcomes if isinstance(each, Coupon))
    assert (due.coupon_id, due.verified_at) == (coupon.id, NOW)
    assert shop.coupon(coupon.member_id, coupon.id) == taken
    with pytest.raises(CouponUsed) as error:
        shop.verify(store.clerk, coupon.code, key="later", now=NOW + HOUR)
    assert error.value.details == {"used_at": clock.to_text(NOW), "branch_id": "-"}


def test_the_same_request_ten_times_at_once_and_later_is_one_verification(
    shop: Shop, store: Store, coupon: Coupon
):
    def verify(now: datetime = NOW) -> Coupon:
        return shop.verify(store.clerk, coupon.code, "tianhe", key="once", now=now)

    outcomes = [*at_once([verify] * 10), verify(NOW + timedelta(days=400))]
    assert refused(outcomes) == []
    assert {each.verification_id for each in outcomes if isinstance(each, Coupon)} == {
        shop.coupon(coupon.member_id, coupon.id).verification_id
    }
    assert len({str(verification_body(each)) for each in outcomes if isinstance(each, Coupon)}) == 1
    assert len(shop.dues(store.id)) == 1


@pytest.mark.parametrize("what", ["verify", "hand on"])
def test_a_request_that_reads_the_coupon_its_twin_has_just_taken_gives_the_twins_answer(
    shop: Shop, what: str
):
    store = shop.open_store(HANDS_ON)
    shop.put_coupon(store, stock=10, programme_id=HANDS_ON)
    (coupon,), friend = shop.buy(shop.member(500, HANDS_ON)), shop.member(0)
    twins: list[Coupon] = []

    def act(key: str = "once", **more: Any) -> Coupon:
        if what == "verify":
            return shop.verify(store.clerk, coupon.code, key=key, **more)
        return shop.hand_on(coupon, friend, key=key, **more)

    def call(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The request is looked for before the twin's transaction, the coupon after it."""
        answer = aws.call(service, operation, request)
        if operation == "GetItem" and request["Key"]["entry"]["S"].startswith("V#") and not twins:
            twins.append(act())
        return answer

    assert [act(rewards=shop.connect(DynamoDB(call))[0])] == twins
    with pytest.raises(CouponUsed if what == "verify" else CouponNotFound):
        act("another")


def test_a_key_that_stands_for_another_code_is_refused_and_two_clerks_may_use_the_same_key(
    shop: Shop, store: Store
):
    shop.put_coupon(store, stock=10)
    first, second = shop.buy(shop.member(500), 2)
    shop.verify(store.clerk, first.code, key="a")
    with pytest.raises(IdempotencyKeyReused):
        shop.verify(store.clerk, second.code, key="a")
    assert shop.coupon(second.member_id, second.id).status == ISSUED
    assert shop.verify(store.colleague, second.code, key="a").status == USED


def test_one_key_for_two_codes_at_once_takes_one_of_them(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10)
    pair = shop.buy(shop.member(500), 2)
    outcomes = at_once([lambda each=each: shop.verify(store.clerk, each.code, key="a") for each in pair])
    assert refused(outcomes) == ["IDEMPOTENCY_KEY_REUSED"]
    assert sorted(shop.coupon(each.member_id, each.id).status for each in pair) == [ISSUED, USED]


def test_whoever_is_not_on_the_merchants_staff_finds_no_coupon_used_or_not(
    shop: Shop, store: Store, coupon: Coupon
):
    other = shop.open_store()
    strangers = [shop.member(0), other.clerk, other.owner, coupon.member_id]
    for _ in range(2):
        for who in strangers:
            with pytest.raises(CouponNotFound):
                shop.verify(who, coupon.code)
        shop.verify(store.clerk, coupon.code, key="a")
    with pytest.raises(CouponNotFound):
        shop.verify(store.clerk, "0" * 12)


def test_what_a_till_took_off_line_before_the_suspension_counts(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, per_member_limit=None)
    early, late = shop.buy(shop.member(500), 2)
    shop.decide(store, "suspend")
    later = NOW + timedelta(hours=1)
    with pytest.raises(MerchantSuspended):
        shop.verify(store.clerk, late.code, at=NOW, now=later)
    assert shop.verify(store.clerk, early.code, at=NOW - timedelta(seconds=1), now=later).status == USED


def test_a_suspended_merchant_takes_no_coupons_until_it_is_reinstated(
    shop: Shop, store: Store, coupon: Coupon
):
    shop.decide(store, "suspend")
    outcomes = at_once([lambda: shop.verify(store.clerk, coupon.code)])
    assert refused(outcomes) == ["MERCHANT_SUSPENDED"]
    assert shop.coupon(coupon.member_id, coupon.id).status == ISSUED
    shop.decide(store, "reinstate", OTHER_AUTHORITY)
    assert shop.verify(store.clerk, coupon.code).status == USED


def test_a_clerk_of_one_branch_works_there_only(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10)
    first, second, third = shop.buy(shop.member(500), 3)
    with pytest.raises(CouponNotHere):
        shop.verify(store.clerk_of_tianhe, first.code, "futian")
    assert shop.verify(store.clerk_of_tianhe, first.code).branch_id == "tianhe"
    assert shop.verify(store.clerk, second.code, "futian").branch_id == "futian"
    assert shop.verify(store.clerk, third.code).branch_id == ""
    assert sorted(due.branch_id for due in shop.dues(store.id)) == ["", "futian", "tianhe"]


def test_a_branch_is_the_merchants_own_and_open(shop: Shop, store: Store, coupon: Coupon):
    session = Session(shop.merchants.dynamodb)
    name = {"zh-CN": "关", "en": "closed"}
    shop.merchants.staff.put_branch(session, Branch("closed", store.id, name, "1", "CN-GD", open=False))
    session.commit()
    for branch in ("closed", "nowhere"):
        with pytest.raises(CouponNotHere):
            shop.verify(store.clerk, coupon.code, branch)


def test_a_coupon_for_a_region_is_taken_at_branches_that_lie_there(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, regions=["CN-GD-SZ", "CN-BJ"])
    coupon = shop.buy(shop.member(500))[0]
    for branch in ("tianhe", ""):
        with pytest.raises(CouponNotHere):
            shop.verify(store.clerk, coupon.code, branch)
    with pytest.raises(CouponNotHere):
        shop.verify(store.clerk_of_tianhe, coupon.code)
    assert shop.verify(store.clerk, coupon.code, "futian").status == USED


def test_nobody_takes_a_coupon_of_their_own(shop: Shop):
    store = shop.open_store(HANDS_ON)
    shop.put_coupon(store, stock=10, programme_id=HANDS_ON)
    clerk = shop.member(500, HANDS_ON)
    shop.hire(store, clerk)
    own, given, got = shop.buy(clerk, 3)
    with pytest.raises(OwnCoupon):
        shop.verify(clerk, own.code)
    friend = shop.member(0)
    given = shop.hand_on(given, friend)
    with pytest.raises(OwnCoupon):  # the clerk's points paid for it
        shop.verify(clerk, given.code)
    got = shop.hand_on(shop.hand_on(got, friend), clerk)
    with pytest.raises(OwnCoupon):
        shop.verify(clerk, got.code)
    assert [shop.verify(store.clerk, each.code).status for each in (own, given, got)] == [USED] * 3


# Off line


@pytest.mark.parametrize(
    ("scanned", "handed_in"),
    [
        (timedelta(), timedelta()),
        (SECOND, OFFLINE_GRACE + SECOND),  # as late as a till may
        (timedelta(days=90), timedelta(days=90)),
    ],
)
def test_a_till_that_was_off_line_hands_in_what_it_took(
    shop: Shop, store: Store, coupon: Coupon, scanned: timedelta, handed_in: timedelta
):
    used = shop.verify(store.clerk, coupon.code, at=NOW + scanned, now=NOW + handed_in)
    assert used.used_at == NOW + scanned
    (due,) = shop.dues(store.id)
    assert due.verified_at == NOW + handed_in  # a settlement that was counted before does not lack it


def test_what_was_taken_before_the_end_is_handed_in_after_it(shop: Shop, store: Store, coupon: Coupon):
    last = coupon.expires_at - SECOND
    used = shop.verify(store.clerk, coupon.code, at=last, now=last + OFFLINE_GRACE)
    assert (used.status, used.used_at) == (USED, last)


@pytest.mark.parametrize("late", [timedelta(), HOUR, OFFLINE_GRACE])
def test_a_coupon_is_not_taken_from_its_end_on(shop: Shop, store: Store, coupon: Coupon, late: timedelta):
    for scanned_at in (None, coupon.expires_at + late):
        with pytest.raises(CouponNotUsable) as error:
            shop.verify(store.clerk, coupon.code, at=scanned_at, now=coupon.expires_at + late)
        assert error.value.details == {"status": EXPIRED}
    assert coupon_body(coupon, coupon.expires_at)["status"] == EXPIRED


@pytest.mark.parametrize(
    ("scanned", "handed_in"),
    [
        (-2 * SECOND, timedelta()),  # before there was such a coupon
        (clock.CLOCK_SKEW + SECOND, timedelta()),  # not yet
        (timedelta(), OFFLINE_GRACE + SECOND),  # too late
    ],
)
def test_a_time_that_cannot_be_is_refused(
    shop: Shop, store: Store, coupon: Coupon, scanned: timedelta, handed_in: timedelta
):
    with pytest.raises(ScanTimeInvalid):
        shop.verify(store.clerk, coupon.code, at=NOW + scanned, now=NOW + handed_in)
    assert shop.dues(store.id) == []


def test_a_till_whose_clock_is_a_little_ahead_takes_a_coupon_now(shop: Shop, store: Store, coupon: Coupon):
    used = shop.verify(store.clerk, coupon.code, at=NOW + clock.CLOCK_SKEW, now=NOW)
    assert used.used_at == NOW


def test_of_two_tills_that_were_off_line_the_first_that_hands_in_has_it(
    shop: Shop, store: Store, coupon: Coupon
):
    later, earlier = NOW + 2 * HOUR, NOW + HOUR
    shop.verify(store.clerk, coupon.code, "tianhe", at=later, key="a", now=NOW + 3 * HOUR)
    with pytest.raises(CouponUsed) as error:
        shop.verify(store.colleague, coupon.code, "futian", at=earlier, key="b", now=NOW + 4 * HOUR)
    assert error.value.details == {"used_at": clock.to_text(later), "branch_id": "tianhe"}
    assert len(shop.dues(store.id)) == 1


# Handed on


@pytest.fixture
def passport(shop: Shop) -> Store:
    """A merchant of a programme whose members may hand coupons on."""
    store = shop.open_store(HANDS_ON)
    shop.put_coupon(store, stock=10, programme_id=HANDS_ON)
    return store


def test_a_friend_uses_it_under_a_new_code_and_the_old_one_is_dead(shop: Shop, passport: Store):
    coupon = shop.buy(shop.member(500, HANDS_ON))[0]
    friend = shop.member(0)
    given = shop.hand_on(coupon, friend, key="a")
    assert given.code != coupon.code
    assert (given.id, given.redeemer_id, given.expires_at) == (coupon.id, coupon.member_id, coupon.expires_at)
    assert shop.holds(coupon.member_id) == []
    with pytest.raises(CouponNotFound):
        shop.coupon(coupon.member_id, coupon.id)
    for who in (passport.clerk, passport.owner):
        with pytest.raises(CouponNotFound):
            shop.verify(who, coupon.code, at=NOW)  # not even by a till that took it off line before
    assert shop.hand_on(coupon, friend, key="a") == given  # the same request again
    assert shop.verify(passport.clerk, given.code).member_id == friend
    assert shop.hand_on(coupon, friend, key="a").status == USED


def test_a_key_that_stands_for_another_coupon_or_friend_is_refused(shop: Shop, passport: Store):
    first, second = shop.buy(shop.member(500, HANDS_ON), 2)
    friend, other = shop.member(0), shop.member(0)
    shop.hand_on(first, friend, key="a")
    for coupon, who in ((second, friend), (first, other)):
        with pytest.raises(IdempotencyKeyReused):
            shop.hand_on(coupon, who, key="a")
    more = shop.buy(first.redeemer_id, 2)
    pair = at_once([lambda each=each: shop.hand_on(each, other, key="b") for each in more])
    assert refused(pair) == ["IDEMPOTENCY_KEY_REUSED"]


def test_whoever_paid_for_it_can_be_told_what_became_of_it(shop: Shop, passport: Store):
    me, friend, other = shop.member(900, HANDS_ON), shop.member(0), shop.member(0)
    kept, twice, back = shop.buy(me, 3)
    twice = shop.hand_on(shop.hand_on(twice, friend), other)
    back = shop.hand_on(shop.hand_on(back, friend), me)
    twice = shop.verify(passport.clerk, twice.code)
    assert sorted(shop.rewards.member_items(me)[1], key=lambda each: each.id) == [kept, twice, back]
    assert [shop.rewards.member_items(who)[1] for who in (friend, other)] == [[], []]
    assert [len(shop.holds(who)) for who in (me, friend, other)] == [2, 0, 1]


@pytest.mark.parametrize("programme", [RETURNS, "carbon-88"])
def test_where_the_programme_does_not_allow_it_nothing_is_handed_on(shop: Shop, programme: str):
    store = shop.open_store(programme)
    shop.put_coupon(store, stock=10, programme_id=programme)
    coupon = shop.buy(shop.member(500, programme))[0]
    with pytest.raises(CouponNotTransferable):
        shop.hand_on(coupon, shop.member(0))
    assert shop.coupon(coupon.member_id, coupon.id) == coupon


def test_only_a_coupon_that_one_holds_and_can_use_is_handed_on(shop: Shop, passport: Store):
    used, ended, mine = shop.buy(shop.member(500, HANDS_ON), 3)
    friend = shop.member(0)
    shop.verify(passport.clerk, used.code)
    with pytest.raises(CouponNotUsable):
        shop.hand_on(used, friend)
    with pytest.raises(CouponNotUsable):
        shop.hand_on(ended, friend, now=ended.expires_at)
    with pytest.raises(CouponNotFound):
        shop.hand_on(mine, friend, by=friend)
    assert shop.holds(friend) == []


def test_handing_on_races_a_verification_and_one_of_them_has_it(shop: Shop, passport: Store):
    pieces, friend = shop.buy(shop.member(900, HANDS_ON), 6), shop.member(0)
    for coupon in pieces:
        outcomes = at_once(
            [
                lambda each=coupon: shop.hand_on(each, friend, key=each.id),
                lambda each=coupon: shop.verify(passport.clerk, each.code, key=each.id),
            ]
        )
        (code,) = refused(outcomes)
        assert code in ("COUPON_NOT_USABLE", "COUPON_NOT_FOUND")
        mine = shop.rewards.coupons.coupon(coupon.member_id, coupon.id)
        friends = shop.rewards.coupons.coupon(friend, coupon.id)
        assert (mine is None) != (friends is None)
        assert (mine or friends).status == (USED if mine else ISSUED)  # type: ignore[union-attr]
    assert len(shop.dues(passport.id)) == sum(each.status == USED for each in shop.holds(pieces[0].member_id))


def test_two_friends_at_once_get_it_once(shop: Shop, passport: Store):
    coupon = shop.buy(shop.member(500, HANDS_ON))[0]
    friends = [shop.member(0) for _ in range(6)]
    outcomes = at_once([lambda who=who: shop.hand_on(coupon, who, key=who) for who in friends])
    assert refused(outcomes) == ["COUPON_NOT_FOUND"] * 5
    assert sum(len(shop.holds(who)) for who in friends) == 1


# Given back


def test_unused_coupons_of_a_reward_that_allows_it_are_given_back_together(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, cancellable=True, per_member_limit=3)
    me = shop.member(500)
    pieces = shop.buy(me, 3)
    back = shop.cancel(me, pieces[0].redemption_id)
    assert (back.status, back.reason_code) == (CANCELLED, "CANCELLED_BY_MEMBER")
    assert [shop.coupon(me, each.id).status for each in pieces] == [CANCELLED] * 3
    assert (shop.points(me), shop.left("tea"), shop.taken(me, "tea")) == (500, [10], 0)
    with pytest.raises(CouponNotUsable) as error:
        shop.verify(store.clerk, pieces[0].code)
    assert error.value.details == {"status": CANCELLED}
    assert shop.cancel(me, pieces[0].redemption_id) == back


def test_what_was_used_handed_on_or_has_ended_is_not_given_back(shop: Shop):
    store = shop.open_store(HANDS_ON)
    shop.put_coupon(store, stock=10, cancellable=True, programme_id=HANDS_ON)
    me, friend = shop.member(900, HANDS_ON), shop.member(0)
    used, given, ended = shop.buy(me, 2), shop.buy(me, 2), shop.buy(me, 2)
    shop.verify(store.clerk, used[0].code)
    shop.hand_on(given[0], friend)
    for first, now in ((used[0], NOW), (given[0], NOW), (ended[0], ended[0].expires_at)):
        with pytest.raises(NotCancellable):
            shop.cancel(me, first.redemption_id, now)
    assert (shop.points(me, HANDS_ON), shop.left("tea")) == (300, [4])
    shop.put_coupon(store, id="milk", stock=10, programme_id=HANDS_ON)
    with pytest.raises(NotCancellable):  # the reward does not allow it
        shop.cancel(me, shop.buy(me, reward_id="milk")[0].redemption_id)


def test_giving_back_races_a_verification_and_one_of_them_wins(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10, cancellable=True)
    me = shop.member(600)
    for _ in range(6):
        (coupon,) = shop.buy(me)
        outcomes = at_once(
            [
                lambda each=coupon: shop.cancel(me, each.redemption_id),
                lambda each=coupon: shop.verify(store.clerk, each.code, key=each.id),
            ]
        )
        (code,) = refused(outcomes)
        status = shop.coupon(me, coupon.id).status
        assert (code, status) in (("NOT_CANCELLABLE", USED), ("COUPON_NOT_USABLE", CANCELLED))
    used = len(shop.dues(store.id))
    assert (shop.points(me), shop.left("tea")) == (600 - 100 * used, [10 - used])


# Ended


def test_it_ends_when_no_till_can_hand_it_in_any_more(shop: Shop, store: Store, coupon: Coupon):
    end = coupon.expires_at + OFFLINE_GRACE
    assert not shop.expire(coupon, end - SECOND)
    assert shop.expire(coupon, end)
    assert not shop.expire(coupon, end)
    assert shop.coupon(coupon.member_id, coupon.id).status == EXPIRED
    with pytest.raises(CouponNotUsable):
        shop.verify(store.clerk, coupon.code, at=coupon.expires_at - SECOND, now=end - SECOND)


def test_where_the_programme_says_so_the_points_of_that_piece_come_back_into_their_lots(shop: Shop):
    store = shop.open_store(RETURNS)
    shop.put_coupon(store, stock=10, programme_id=RETURNS, price_points=150, valid_days=3, per_member_limit=3)
    me = shop.member(600, RETURNS, months=(1, 2, 24))
    assert shop.lots(me, RETURNS) == {"2026-12": 200, "2027-01": 200, "2028-11": 200}
    first, second, third = shop.buy(me, 3)  # of 150 each: 200 of December's, 200 of January's, 50 of the last
    assert shop.lots(me, RETURNS) == {"2028-11": 150}
    shop.verify(store.clerk, first.code)
    end = second.expires_at + OFFLINE_GRACE
    assert [shop.expire(each, end) for each in (first, second)] == [False, True]
    assert shop.lots(me, RETURNS) == {"2026-12": 50, "2027-01": 100, "2028-11": 150}
    assert shop.expire(third, end + timedelta(days=99))  # long after the end of January's lot
    assert shop.lots(me, RETURNS) == {"2026-12": 50, "2027-01": 100, "2027-01+": 100, "2028-11": 200}
    assert (shop.left("tea"), shop.taken(me, "tea")) == ([9], 3)  # it was had, and counts


def test_where_it_does_not_the_piece_alone_comes_back(shop: Shop, store: Store, coupon: Coupon):
    assert shop.left("tea") == [9]
    assert shop.expire(coupon, coupon.expires_at + OFFLINE_GRACE)
    assert (shop.points(coupon.member_id), shop.left("tea")) == (400, [10])


def test_points_of_one_that_was_handed_on_go_back_to_whoever_paid(shop: Shop):
    store = shop.open_store(RETURNS)
    shop.put_coupon(store, stock=10, programme_id=RETURNS)
    me, friend = shop.member(500, RETURNS), shop.member(0)
    (coupon,) = shop.buy(me)
    session = Session(shop.rewards.dynamodb)  # no programme that ships says both: as if this one did
    given = replace(coupon, member_id=friend)
    shop.rewards.coupons.hand_on(session, coupon, given)
    session.commit()
    assert shop.expire(given, given.expires_at + OFFLINE_GRACE)
    assert (shop.points(me, RETURNS), shop.points(friend, RETURNS), shop.left("tea")) == (500, 0, [10])


def test_reconciling_expires_every_coupon_once_however_many_run(shop: Shop):
    store = shop.open_store(RETURNS)
    shop.put_coupon(store, stock=40, programme_id=RETURNS, per_member_limit=None)
    members = [shop.member(1_000, RETURNS) for _ in range(3)]
    pieces = [each for me in members for each in shop.buy(me, 8)]
    for each in pieces[::8]:
        shop.verify(store.clerk, each.code)
    end = pieces[0].expires_at + OFFLINE_GRACE

    def run(now: datetime) -> int:
        rewards, ledger = shop.connect(DynamoDB())
        nothing: Any = None  # no partner has a say in coupons
        desk = Dependencies(rewards, ledger, nothing, nothing, nothing)
        return reconciling.reconcile(deps=desk, now=now)["coupons"]

    assert run(end - SECOND) == 0
    counts = at_once([lambda: run(end)] * 4)
    assert sum(each for each in counts if isinstance(each, int)) == 21
    assert run(end + HOUR) == 0
    assert (shop.left("tea"), len(shop.dues(store.id))) == ([37], 3)
    assert [shop.points(me, RETURNS) for me in members] == [900] * 3


def test_its_end_races_a_late_till_and_one_of_them_wins(shop: Shop):
    store = shop.open_store(RETURNS)
    shop.put_coupon(store, stock=10, programme_id=RETURNS)
    me = shop.member(600, RETURNS)
    for coupon in shop.buy(me, 6):
        end, last = coupon.expires_at + OFFLINE_GRACE, coupon.expires_at - SECOND
        outcomes = at_once(
            [
                lambda each=coupon, end=end: shop.expire(each, end),
                lambda each=coupon, end=end, last=last: shop.verify(
                    store.clerk, each.code, at=last, now=end - SECOND, key=each.id
                ),
            ]
        )
        ended, status = outcomes[0] is True, shop.coupon(me, coupon.id).status
        assert (status, refused(outcomes)) == ((EXPIRED, ["COUPON_NOT_USABLE"]) if ended else (USED, []))
    used = len(shop.dues(store.id))
    assert (shop.points(me, RETURNS), shop.left("tea")) == (600 - 100 * used, [10 - used])


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_in_whatever_order_each_piece_is_paid_used_or_back_once(shop: Shop, seed: int):
    chance = random.Random(seed)
    store = shop.open_store(RETURNS)
    shop.put_coupon(store, stock=12, programme_id=RETURNS, cancellable=True, shards=2)
    members = [shop.member(400, RETURNS) for _ in range(3)]
    pieces = [each for me in members for each in shop.buy(me, 3)]
    end = pieces[0].expires_at + OFFLINE_GRACE
    acts: list[Callable[[], object]] = []
    for each in pieces:
        at, now = each.expires_at - SECOND, end - SECOND
        acts += [
            lambda each=each, at=at, now=now: shop.verify(
                store.clerk, each.code, at=at, now=now, key=each.id
            ),
            lambda each=each: shop.expire(each, end),
            lambda each=each: shop.cancel(each.member_id, each.redemption_id),
        ]
    acts *= 2
    chance.shuffle(acts)
    for first in range(0, len(acts), 6):
        at_once(acts[first : first + 6])
    states = [shop.coupon(each.member_id, each.id).status for each in pieces]
    assert set(states) <= {USED, EXPIRED, CANCELLED}
    assert len(shop.dues(store.id)) == states.count(USED)
    assert sum(shop.left("tea")) == 12 - states.count(USED)
    assert sum(shop.points(me, RETURNS) for me in members) == 1_200 - 100 * states.count(USED)


# Through the functions


def test_a_till_gets_what_it_needs_and_no_line_of_the_log_holds_a_code(
    only_shipped_programmes: None,
    make_table: Callable[[str], str],
    shop: Shop,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    shop.put_coupon(store, stock=10)
    first, second, third = shop.buy(shop.member(500), 3, now=clock.now())
    till, keys = gateway.handler("verify_coupon"), count()
    monkeypatch.setattr(till, "REWARDS", shop.rewards)
    monkeypatch.setattr(till, "MERCHANTS", shop.merchants)
    monkeypatch.setattr(till, "LIMITS", Limits(shop.rewards.dynamodb, make_table("limits")))

    def take(code: str, who: str = store.clerk, **body: str) -> Any:
        headers = {"Idempotency-Key": f"key-{next(keys)}"}
        return call("verify_coupon", member=who, headers=headers, body={"code": code, **body})

    typed = spaced(first.code)
    done = take(f"  {typed.lower()} ", branch_id="tianhe")
    assert (done.status, done.json["coupon_id"], done.json["status"]) == (201, first.id, USED)
    assert set(done.json) == {
        "coupon_id",
        "reward_id",
        "merchant_id",
        "branch_id",
        "title",
        "status",
        "used_at",
    }
    assert take(typed, store.colleague).status == 409
    assert take(second.code, "A" * 26).status == 404
    assert take("nothing like a code").status in (400, 404)
    assert take(second.code, scanned_at="2020-01-01T00:00:00+08:00").status == 422

    def broken(code: str) -> Coupon:
        raise RuntimeError(code)

    monkeypatch.setattr(shop.rewards.coupons, "by_code", broken)
    assert take(third.code).status == 500
    printed = "".join(capfd.readouterr()) + repr([first, second, third])
    assert '"operation": "verify_coupon"' in printed
    for each in (first, second, third):
        assert each.code not in printed
        assert spaced(each.code) not in printed
        assert each.code.lower() not in printed
