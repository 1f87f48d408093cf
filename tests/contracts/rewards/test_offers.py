"""What merchants propose and operators publish, change and close, with a sponsor's money beside the pieces."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from puhui.kernel import ids
from puhui.kernel.errors import Conflict, DomainError, Forbidden, IdempotencyKeyReused
from puhui.ledger.api import NotEnough, NotEnoughPoints
from puhui.merchants.api import MerchantNotFound, MerchantSuspended, OwnMerchant
from puhui.partners.api import PartnerNotFound, Partners
from puhui.partners.usecases import put_partner, wanted_from
from puhui.rewards.api import PAYABLE_SHARDS, PayableClaimed
from puhui.rewards.catalogue import offers, reports
from puhui.rewards.catalogue.model import CLOSED, ON_SALE, PAUSED, PROPOSED, Reward, overlap
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.catalogue.usecases import get_reward
from puhui.rewards.catalogue.views import offer_body, terms_body
from puhui.rewards.coupons.model import Coupon
from puhui.rewards.errors import (
    NotCancellable,
    NotOnSale,
    NotOnSaleYet,
    OutOfStock,
    ProposerMayNotPublish,
    QuantityInvalid,
    ReportsForDonations,
    RewardChanged,
    RewardIdTaken,
    RewardInvalid,
    RewardNotFound,
    RewardNotProposed,
    RewardShrinks,
    RewardTermsFixed,
    SaleOver,
)
from puhui.rewards.payables import Payable
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.views import redemption_body
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from tests.contracts.rewards.conftest import CURSORS, NOW, P, Shop, Store, at_once, refused
from tests.support import gateway

SPONSOR = {"budget_id": "green", "fen": 150}
SECOND = timedelta(seconds=1)


@pytest.fixture
def store(shop: Shop) -> Store:
    return shop.open_store()


# Proposed and published


def test_owners_and_managers_of_an_active_merchant_propose_and_nobody_else(shop: Shop, store: Store):
    other = shop.open_store("walk-and-win")
    with pytest.raises(MerchantNotFound):
        shop.propose(store, by=other.owner)
    with pytest.raises(Forbidden):
        shop.propose(store, by=store.clerk)
    with pytest.raises(RewardInvalid):
        shop.propose(other)  # for a programme that is not its own
    with pytest.raises(RewardInvalid):
        shop.propose(store, by=store.owner, kind="good", merchant_id="")  # for nobody
    shop.decide(store, "suspend")
    with pytest.raises(MerchantSuspended):
        shop.propose(store, by=store.owner)


def test_before_its_publication_nobody_sees_it_or_gets_any(shop: Shop, store: Store):
    shop.fund(10_000)
    proposed = shop.propose(store, sponsor=SPONSOR)
    assert (proposed.state, proposed.version) == (PROPOSED, 1)
    assert (shop.listed(), shop.left("tea"), shop.budget()) == ([], [0], 10_000)
    with pytest.raises(RewardNotFound):
        get_reward("tea", listing=shop.listing)
    with pytest.raises(NotOnSale):
        shop.buy(shop.member(500))
    page = offers.list_proposed(P, 20, None, listing=shop.listing, cursors=CURSORS)
    assert [each.id for each in page.items] == ["tea"]
    shop.publish()
    assert offers.list_proposed(P, 20, None, listing=shop.listing, cursors=CURSORS).items == []
    assert (shop.listed(), shop.left("tea"), shop.budget()) == (["tea"], [10], 8_500)
    assert get_reward("tea", listing=shop.listing).stock_left == 10


def test_while_it_is_proposed_all_of_it_may_change(shop: Shop, store: Store):
    shop.propose(store, stock=50, shards=4, queue_lanes=3, sponsor=SPONSOR)
    changed = shop.propose(store, stock=5, shards=1, price_points=70, kind="service")
    assert (changed.stock, changed.shards, changed.queue_shards, changed.fen) == (5, 1, 0, 0)
    assert (changed.kind, changed.version) == ("service", 2)
    assert shop.propose(store, stock=5, shards=1, price_points=70, kind="service") == changed
    shop.publish()
    assert (shop.left("tea"), shop.buy(shop.member(500))[0].price_points) == ([5], 70)
    with pytest.raises(RewardIdTaken):  # from here on it is the operators' to change
        shop.propose(store, stock=9)


def test_whoever_wrote_any_of_it_does_not_publish_it(shop: Shop, store: Store):
    shop.propose(store, by=store.manager)
    shop.propose(store, by=store.owner, price_points=70)
    for who in (store.manager, store.owner):
        with pytest.raises(ProposerMayNotPublish):
            shop.publish(by=who)
    published = shop.publish(by="operator")
    assert (published.state, published.published_by) == (ON_SALE, "operator")
    assert shop.publish(by="operator") == published  # again changes nothing
    with pytest.raises(RewardNotProposed):
        shop.publish(by="another operator")
    assert shop.left("tea") == [10]


def test_what_is_published_is_what_was_read(shop: Shop, store: Store):
    shop.fund(10**9)
    read = shop.propose(store, sponsor=SPONSOR)
    shop.propose(store, stock=90, sponsor=SPONSOR | {"fen": 10**7})
    with pytest.raises(RewardChanged) as refusal:
        shop.publish(version=read.version)
    assert (refusal.value.details, shop.budget(), shop.listed()) == ({"version": 2}, 10**9, [])
    assert shop.publish(version=2).published_by == "operator"


def test_nobody_publishes_or_offers_for_a_merchant_where_they_work(shop: Shop, store: Store):
    proposed = shop.propose(store, by=store.manager)
    for who in (store.owner, store.clerk):
        with pytest.raises(OwnMerchant):
            shop.publish(by=who)
        with pytest.raises(OwnMerchant):
            shop.require_givers(proposed, who)
    shop.require_givers(proposed, "operator")
    shop.decide(store, "suspend")
    with pytest.raises(MerchantSuspended):
        shop.publish()
    assert shop.offered().state == PROPOSED


def test_who_gives_belongs_to_the_rewards_programme(
    shop: Shop, store: Store, make_table: Callable[[str], str]
):
    registry = Partners(DynamoDB(), make_table("partners"), Sealer(b"k" * 32, b"p"))
    body = {"programme_id": P, "name": {}, "url": "https://cinema.example", "answer_within_seconds": 60}
    put_partner(wanted_from("cinema", body), partners=registry)

    def ask(**terms: Any) -> None:
        shop.require_givers(terms_from(shop.document(**terms)), "operator", registry)

    ask(merchant_id=store.id, partner_id="cinema")
    ask()
    for elsewhere in ({"merchant_id": store.id}, {"partner_id": "cinema"}):
        with pytest.raises(RewardInvalid):
            ask(**elsewhere, programme_id="green-passport-3060")
    with pytest.raises(MerchantNotFound):
        ask(merchant_id="nobody")
    with pytest.raises(PartnerNotFound):
        ask(partner_id="nobody")


def test_a_coupon_counts_where_its_merchant_is(shop: Shop):
    assert overlap(["CN-GD-GZ"], ["CN-GD"])
    assert overlap(["CN"], ["CN-GD"])
    assert overlap([], ["CN-GD"])
    assert not overlap(["CN-GD", "CN-HI"], ["CN-BJ", "CN-GX"])


def test_a_proposal_that_is_turned_down_leaves_its_id_to_others(shop: Shop, store: Store):
    other = shop.open_store()
    shop.fund(10_000)
    shop.propose(store, sponsor=SPONSOR)
    for _ in range(2):
        assert shop.close("tea").state == CLOSED
    assert (shop.listed(), shop.left("tea"), shop.budget()) == ([], [0], 10_000)
    assert offers.list_proposed(P, 20, None, listing=shop.listing, cursors=CURSORS).items == []
    with pytest.raises(RewardNotProposed):
        shop.publish()
    again = shop.propose(other, stock=7)
    assert (again.merchant_id, again.version, again.proposed_by) == (other.id, 3, other.manager)
    shop.close("tea")
    offered = shop.put_coupon(store, stock=5)
    assert (offered.state, offered.version, offered.proposed_by, shop.left("tea")) == (ON_SALE, 5, "", [5])


def test_operators_publish_a_proposal_and_do_not_rewrite_it(shop: Shop, store: Store):
    shop.propose(store)
    with pytest.raises(RewardIdTaken):
        shop.put_coupon(store, stock=99)
    assert shop.offered().stock == 10


def test_an_id_that_belongs_to_another_reward_is_taken(shop: Shop, store: Store):
    other = shop.open_store()
    shop.propose(store)
    for by in (other, store):
        with pytest.raises(RewardIdTaken):
            shop.propose(other, id="tea")
        if by is other:
            shop.publish()


def test_eight_operators_publish_it_once(shop: Shop, store: Store):
    shop.fund(10_000)
    shop.propose(store, stock=11, shards=3, sponsor=SPONSOR)
    outcomes = at_once([lambda n=n: shop.publish(by=f"operator {n % 4}") for n in range(8)])
    assert set(refused(outcomes)) == {"REWARD_NOT_PROPOSED"}
    assert len(refused(outcomes)) in (6, 7)  # the same operator's second request is no other one
    assert (sorted(shop.left("tea")), shop.budget()) == ([3, 4, 4], 10_000 - 11 * 150)
    assert shop.sponsored().agrees


def test_a_proposals_key_stands_for_one_proposal(shop: Shop, store: Store):
    first = shop.propose(store, key="a", body="ten cups")
    assert shop.propose(store, key="a", body="ten cups") == first
    outcomes = at_once([lambda: shop.propose(store, key="b", body="again")] * 6)
    assert refused(outcomes) == []
    assert shop.offered().version == 1
    with pytest.raises(IdempotencyKeyReused):
        shop.propose(store, key="a", body="twenty cups", stock=20)
    shop.publish()
    assert (
        shop.propose(store, key="a", body="ten cups").state == ON_SALE
    )  # a late repetition gets what became of it


# The sponsor's money


def test_a_budget_that_holds_less_publishes_nothing_and_keeps_everything(shop: Shop, store: Store):
    shop.fund(1_499)
    proposed = shop.propose(store, sponsor=SPONSOR)
    with pytest.raises(NotEnough) as error:
        shop.publish()
    assert error.value.details == {"needed": 1_500, "available": 1_499}
    assert (shop.offered(), shop.left("tea"), shop.budget()) == (proposed, [0], 1_499)
    assert shop.sponsored().committed == 0
    shop.fund(1)
    assert shop.publish().state == ON_SALE
    assert (shop.budget(), shop.sponsored().committed) == (0, 1_500)


def test_more_pieces_commit_more_and_what_the_budget_does_not_hold_adds_none(shop: Shop, store: Store):
    shop.fund(2_000)
    shop.put_coupon(store, stock=10, sponsor=SPONSOR)
    with pytest.raises(NotEnough):
        shop.put_coupon(store, stock=14, price_points=1, sponsor=SPONSOR)
    assert (shop.left("tea"), shop.budget(), shop.offered().price_points) == ([10], 500, 100)
    shop.put_coupon(store, stock=13, sponsor=SPONSOR)
    shop.put_coupon(store, stock=13, sponsor=SPONSOR)
    assert (shop.left("tea"), shop.budget()) == ([13], 50)
    assert shop.sponsored().agrees


def test_two_offers_at_once_share_one_budget_and_never_more(shop: Shop, store: Store):
    shop.fund(4_000)
    outcomes = at_once(
        [lambda n=n: shop.put_coupon(store, id=f"tea-{n}", stock=10, sponsor=SPONSOR) for n in range(6)]
    )
    assert refused(outcomes) == ["NOT_ENOUGH_MONEY"] * 4
    assert shop.budget() == 1_000
    for reward in outcomes:
        if isinstance(reward, Reward):
            assert shop.sponsored(reward.id).agrees


def test_more_money_than_the_ledger_counts_is_refused_before_anything_is_written(shop: Shop, store: Store):
    with pytest.raises(RewardInvalid):
        shop.put_coupon(store, stock=10**9, sponsor={"budget_id": "green", "fen": 10**6 + 1})
    assert shop.rewards.catalogue.reward("tea") is None


# Changed


def test_changes_apply_from_then_on_and_never_to_what_was_promised(shop: Shop, store: Store):
    shop.fund(10_000)
    terms: dict[str, Any] = {"stock": 10, "sponsor": SPONSOR, "queue_lanes": 1, "per_member_limit": 9}
    shop.put_coupon(store, **terms)
    me = shop.member(2_000)
    ticket, waiting = shop.redeem(me, reward_id="tea", key="a"), shop.redeem(me, 2, reward_id="tea", key="b")
    first = shop.serve(ticket)
    shop.put_coupon(
        store,
        **{**terms, "per_member_limit": 3},
        price_points=300,
        title={"zh-CN": "咖啡", "en": "Coffee"},
        opens_at="2027-01-01T00:00:00+08:00",
    )
    assert shop.rewards.redemptions.find(me, first.id) == first
    (coupon,) = [shop.coupon(me, coupon_id) for coupon_id in first.coupons]
    assert (coupon.price_points, coupon.fen, coupon.title["en"]) == (100, 150, "Cola")
    served = shop.serve(waiting)  # it was asked for at the price of before, and while the sale was open
    assert (served.status, served.points, served.title["en"], served.fen) == ("fulfilled", 200, "Cola", 150)
    given = [shop.coupon(me, each) for each in served.coupons]
    assert [(each.price_points, each.title["en"]) for each in given] == [(100, "Cola")] * 2
    assert shop.points(me) == 1_700
    with pytest.raises(NotOnSaleYet):
        shop.redeem(me, reward_id="tea", key="c")
    later = shop.redeem(me, reward_id="tea", key="d", now=datetime.fromisoformat("2027-01-01T00:00:00+08:00"))
    assert (later.price_points, shop.serve(later).reason_code) == (300, "REWARD_LIMIT_REACHED")
    assert shop.sponsored().agrees


@pytest.mark.parametrize(
    "change",
    [
        {"merchant_id": ""},
        {"kind": "service"},
        {"sponsor": {"budget_id": "green", "fen": 151}},
        {"sponsor": {"budget_id": "other", "fen": 150}},
        {"sponsor": None},
        {"partner_id": "cinema"},
        {"partner_item": "T-1"},
    ],
)
def test_who_gives_and_who_pays_stays(shop: Shop, store: Store, change: dict[str, Any]):
    shop.fund(10_000)
    before = shop.put_coupon(store, kind="good", stock=10, sponsor=SPONSOR)
    with pytest.raises((RewardTermsFixed, RewardInvalid)):
        shop.put_coupon(store, **{"kind": "good", "stock": 20, "sponsor": SPONSOR, **change})
    assert (shop.offered(), shop.budget()) == (before, 8_500)


@pytest.mark.parametrize("change", [{"stock": 9}, {"shards": 1}, {"queue_lanes": 1}])
def test_pieces_shards_and_lanes_only_grow(shop: Shop, store: Store, change: dict[str, Any]):
    terms = {"stock": 10, "shards": 2, "queue_lanes": 2}
    before = shop.put_coupon(store, **terms)
    with pytest.raises(RewardShrinks):
        shop.put_coupon(store, **(terms | change))
    assert shop.offered() == before


def test_a_paused_reward_is_seen_and_not_redeemed_until_it_is_on_sale_again(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10)
    me = shop.member(500)
    assert shop.put_coupon(store, stock=10, state=PAUSED).state == PAUSED
    assert shop.listed() == ["tea"]
    with pytest.raises(NotOnSale):
        shop.buy(me)
    assert shop.put_coupon(store, stock=12, price_points=90).state == PAUSED, "unless another state is wanted"
    assert shop.put_coupon(store, stock=12, state=ON_SALE).state == ON_SALE
    assert len(shop.buy(me)) == 1


def test_the_catalogue_and_the_table_agree_about_everything_a_reward_has(shop: Shop, store: Store):
    shop.fund(10_000)
    shop.propose(
        store,
        stock=10,
        sponsor=SPONSOR,
        description={"zh-CN": "一杯", "en": "A cup"},
        regions=["CN-GD", "CN-BJ-1"],
        per_member_limit=3,
        per_day_limit=1,
        opens_at="2026-11-20T00:00:00+08:00",
        closes_at="2026-12-20T00:00:00+08:00",
        queue_lanes=4,
        shards=3,
        cancellable=True,
        valid_days=30,
    )
    reward = shop.publish()
    offer = get_reward("tea", listing=shop.listing)
    assert offer.reward == reward == shop.offered()
    told = offer_body(offer)
    assert told["description"] == {"zh-CN": "一杯", "en": "A cup"}
    assert told["regions"] == ["CN-GD", "CN-BJ-1"]
    assert (told["per_day_limit"], told["queue"], told["cancellable"]) == (1, True, True)
    assert (told["opens_at"], told["closes_at"]) == (
        "2026-11-20T00:00:00+08:00",
        "2026-12-20T00:00:00+08:00",
    )
    assert not {"sponsor", "proposed_by", "published_by"} & set(told)
    terms = terms_body(reward)
    assert (terms["sponsor"], terms["cancellable"], terms["valid_days"]) == (SPONSOR, True, 30)
    assert gateway.declares("get_reward", 200, told)
    assert gateway.declares("publish_reward", 200, terms)


# The sale


def test_a_drop_opens_and_closes_to_the_second(shop: Shop, store: Store):
    shop.put_coupon(
        store, stock=10, opens_at="2026-11-20T13:00:00+08:00", closes_at="2026-11-20T14:00:00+08:00"
    )
    me, opens, closes = shop.member(500), NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    for now, wait in (
        (opens - timedelta(microseconds=1), 1),
        (opens - SECOND, 1),
        (opens - timedelta(seconds=1, microseconds=1), 2),
        (NOW, 3_600),
    ):
        with pytest.raises(NotOnSaleYet) as error:
            shop.buy(me, now=now)
        assert error.value.details == {"opens_at": "2026-11-20T13:00:00+08:00", "retry_after": wait}
    shop.buy(me, now=opens)
    shop.buy(me, now=closes - timedelta(microseconds=1))
    with pytest.raises(SaleOver):
        shop.buy(me, now=closes)
    assert (shop.left("tea"), shop.listed()) == ([8], ["tea"])


def test_rewards_of_a_suspended_merchant_are_hidden_and_refused_until_it_is_back(shop: Shop, store: Store):
    other = shop.open_store()
    shop.put_coupon(store, stock=10)
    shop.put_coupon(other, id="milk", stock=10)
    shop.put(stock=10)
    me = shop.member(900)
    shop.decide(store, "suspend")
    assert shop.listed() == ["cola", "milk"]
    with pytest.raises(MerchantSuspended):
        shop.buy(me)
    assert (shop.points(me), shop.left("tea")) == (900, [10])
    shop.buy(me, reward_id="milk")
    shop.decide(store, "reinstate", "Y" * 26)
    assert shop.listed() == ["cola", "milk", "tea"]
    shop.buy(me)


def test_a_region_sees_what_is_for_it_and_for_everybody(shop: Shop, store: Store):
    shop.put_coupon(store, id="all", stock=1)
    shop.put_coupon(store, id="guangdong", stock=1, regions=["CN-GD"])
    shop.put_coupon(store, id="two-cities", stock=1, regions=["CN-GD-GZ", "CN-BJ"])
    assert shop.listed(region="CN-GD-GZ") == ["all", "guangdong", "two-cities"]
    assert shop.listed(region="CN-GD-SZ") == ["all", "guangdong"]
    assert shop.listed(region="CN-GDX") == ["all"]
    assert shop.listed(region="CN-BJ") == ["all", "two-cities"]
    assert shop.listed() == ["all", "guangdong", "two-cities"]


# Closed


def test_closing_empties_the_shards_and_releases_what_is_not_promised(shop: Shop, store: Store):
    shop.fund(10_000)
    shop.put_coupon(store, stock=50, shards=25, sponsor=SPONSOR)  # more shards than one write empties
    me = shop.member(900)
    mine = shop.buy(me, 3)
    shop.verify(store.clerk, mine[0].code)
    closed = shop.close()
    assert (closed.state, closed.stock, shop.left("tea")) == (CLOSED, 3, [0] * 25)
    assert (shop.budget(), shop.sponsored().committed) == (10_000 - 450, 450)
    assert shop.close() == closed  # again changes nothing
    assert (shop.listed(), get_reward("tea", listing=shop.listing).reward.state) == ([], CLOSED)
    with pytest.raises(NotOnSale):
        shop.buy(me)
    assert shop.verify(store.clerk, mine[1].code).status == "used"  # what was promised stays promised
    assert shop.settle(store.id) == 2
    assert shop.sponsored().agrees


def test_closed_stays_closed_whatever_is_put(shop: Shop, store: Store):
    shop.fund(10_000)
    shop.put_coupon(store, stock=10, sponsor=SPONSOR)
    closed = shop.close()
    for stock in (0, 10, 20):
        with pytest.raises(RewardTermsFixed):
            shop.put_coupon(store, stock=stock, sponsor=SPONSOR)
    with pytest.raises(RewardIdTaken):
        shop.propose(store)
    assert (shop.offered(), shop.left("tea"), shop.budget()) == (closed, [0], 10_000)


def test_what_comes_back_after_closing_is_released_by_closing_again(shop: Shop, store: Store):
    shop.fund(10_000)
    shop.put_coupon(store, stock=10, sponsor=SPONSOR, cancellable=True)
    me = shop.member(900)
    mine = shop.buy(me, 3)
    shop.close()
    shop.cancel(me, mine[0].redemption_id)
    assert (sum(shop.left("tea")), shop.budget()) == (3, 10_000 - 450)
    assert shop.sponsored().agrees
    assert (shop.close().stock, shop.left("tea"), shop.budget()) == (0, [0], 10_000)


def test_four_closings_at_once_while_members_redeem(shop: Shop, store: Store):
    shop.fund(10_000)
    shop.put_coupon(store, stock=60, shards=12, sponsor=SPONSOR)
    members = [shop.member(900) for _ in range(6)]
    calls: list[Callable[[], object]] = [
        lambda who=who, n=n: shop.buy(who, key=f"k{n}") for who in members for n in range(3)
    ]
    calls[6:6] = [shop.close] * 2
    calls += [shop.close] * 2
    outcomes = at_once(calls)
    assert set(refused(outcomes)) <= {"NOT_ON_SALE", "UNAVAILABLE"}
    shop.close()
    sold = sum(isinstance(each, list) for each in outcomes)
    assert (shop.left("tea"), shop.offered().stock) == ([0] * 12, sold)
    money = shop.sponsored()
    assert money.agrees
    assert (money.promised, money.committed, shop.budget()) == (sold, 150 * sold, 10_000 - 150 * sold)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["redeem", "redeem", "redeem", "verify", "verify", "cancel", "expire", "settle", "stock", "close"]
        ),
        st.integers(0, 99),
    ),
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shards=st.integers(1, 3), pieces=st.integers(0, 8), acts=ACTS)
def test_what_is_set_aside_is_what_the_pieces_will_cost_at_every_step(
    shop: Shop, shards: int, pieces: int, acts: list[tuple[str, int]]
):
    store, reward_id, budget = shop.open_store(), ids.new_id(NOW), ids.new_id(NOW)
    shop.fund(2_000, budget)
    sponsor = {"budget_id": budget, "fen": 150}
    shop.members.clear()
    members = [shop.member(1_000) for _ in range(2)]
    terms: dict[str, Any] = {"id": reward_id, "shards": shards, "cancellable": True, "sponsor": sponsor}
    stock = pieces

    def bought() -> list[Coupon]:
        return [each for who in members for each in shop.rewards.member_items(who)[1]]

    def act(what: str, number: int) -> object:
        nonlocal stock
        given, who = bought(), members[number % 2]
        some = given[number % len(given)] if given else None
        if what == "redeem":
            return shop.buy(who, number % 3 + 1, reward_id=reward_id, key=str(number))
        if what == "stock":
            shop.put_coupon(store, stock=stock + number % 5, **terms)
            stock += number % 5
        if what == "close":
            return shop.close(reward_id)
        if what == "settle":
            return shop.settle(store.id)
        if some and what == "verify":
            return shop.verify(store.clerk, some.code, key=str(number))
        if some and what == "cancel":
            return shop.cancel(some.member_id, some.redemption_id)
        return some and shop.expire(some, some.expires_at + timedelta(days=3))

    shop.put_coupon(store, stock=stock, **terms)
    for what, number in acts:
        with suppress(Conflict, IdempotencyKeyReused):
            act(what, number)
        money = shop.sponsored(reward_id, budget)
        assert money.agrees, (what, money)
        assert shop.budget(budget) >= 0


# Dues


def test_a_due_says_all_that_a_settlement_needs_and_is_claimed_once(shop: Shop, store: Store):
    shop.fund(10_000)
    shop.put_coupon(store, stock=10, sponsor=SPONSOR)
    (coupon,) = shop.buy(shop.member(500))
    shop.verify(store.clerk_of_tianhe, coupon.code, at=NOW, now=NOW + timedelta(hours=2))
    (due,) = shop.dues(store.id)
    assert due == Payable(
        id=due.id,
        owner=f"member:{coupon.member_id}",
        entry=f"K#{coupon.id}",
        merchant_id=store.id,
        programme_id=P,
        reward_id="tea",
        redemption_id=coupon.redemption_id,
        coupon_id=coupon.id,
        budget_id="green",
        fen=150,
        pieces=1,
        branch_id="tianhe",
        verified_at=NOW + timedelta(hours=2),
    )

    def claim(settlement_id: str) -> str:
        session = Session(shop.rewards.dynamodb)
        shop.rewards.payables.add_claim(session, due, settlement_id)
        session.commit()
        return settlement_id

    outcomes = at_once([lambda n=n: claim(f"S{n}") for n in range(8)])
    (winner,) = [each for each in outcomes if isinstance(each, str)]
    assert {str(each.details) for each in outcomes if isinstance(each, PayableClaimed)} == {
        str({"settlement_id": winner})
    }
    with pytest.raises(PayableClaimed):  # its own again, too
        claim(winner)
    assert shop.dues(store.id) == []
    (claimed,), _ = shop.rewards.payables.claimed(winner, store.id, 10, None)
    assert (claimed.settlement_id, claimed.id, claimed.branch_id) == (winner, due.id, "tianhe")
    assert shop.coupon(coupon.member_id, coupon.id).settlement_id == winner
    with pytest.raises(NotCancellable):
        shop.cancel(coupon.member_id, coupon.redemption_id)


def test_dues_come_by_shard_oldest_first_up_to_a_moment(shop: Shop, store: Store):
    shop.put_coupon(store, stock=40)
    moments = [NOW + timedelta(milliseconds=250 * n) for n in range(24)]
    pieces = shop.buy(shop.member(2_000), 12) + shop.buy(shop.member(2_000), 12)
    for number, (each, moment) in enumerate(zip(pieces, moments, strict=True)):
        shop.verify(store.clerk, each.code, key=f"k{number}", now=moment)
    found = shop.dues(store.id)
    assert sorted(due.coupon_id for due in found) == sorted(each.id for each in pieces)
    assert sorted(due.verified_at for due in found) == moments
    spread = [
        shop.rewards.payables.unsettled(store.id, n, NOW + timedelta(days=1), 99, None)[0]
        for n in range(PAYABLE_SHARDS)
    ]
    assert sum(1 for shard in spread if shard) > 3
    for shard in spread:
        assert [due.id for due in shard] == sorted(due.id for due in shard)
    before = shop.dues(store.id, moments[10])
    assert sorted(due.verified_at for due in before) == moments[:10]
    assert shop.dues(shop.open_store().id) == []


# Donations


@pytest.fixture
def trees(shop: Shop, store: Store) -> Store:
    """A project that members give points for."""
    terms = {"id": "trees", "kind": "donation", "merchant_id": store.id, "price_points": 1}
    shop.put(**terms, stock=5_000_000, shards=3, per_member_limit=None, cancellable=True)
    return store


def test_a_donation_of_a_million_points_is_owed_at_once_and_stays(shop: Shop, trees: Store):
    me = shop.member(1_500_000)
    made = shop.redeem(me, 1_000_000, reward_id="trees", key="a")
    assert (made.status, made.points, made.coupons) == ("fulfilled", 1_000_000, ())
    assert (shop.points(me), sum(shop.left("trees"))) == (500_000, 4_000_000)
    (due,) = shop.dues(trees.id)
    assert (due.pieces, due.fen, due.coupon_id, due.redemption_id) == (1_000_000, 0, "", made.id)
    assert (due.verified_at, due.budget_id, due.entry) == (NOW, "", f"X#{made.id}")
    assert shop.redeem(me, 1_000_000, reward_id="trees", key="a") == made
    assert len(shop.dues(trees.id)) == 1
    with pytest.raises(NotCancellable):
        shop.cancel(me, made.id)
    assert shop.settle(trees.id) == 1
    (kinds,) = {each.kind for each in shop.ledger.transfers(f"member:{me}", 9, None).items} - {"credit"}
    assert kinds == "donation"


def test_donations_have_bounds_of_their_own(shop: Shop, trees: Store):
    me = shop.member(1_000)
    for quantity in (0, 1_000_001):
        with pytest.raises(QuantityInvalid):
            shop.redeem(me, quantity, reward_id="trees")
    with pytest.raises(NotEnoughPoints):
        shop.redeem(me, 1_001, reward_id="trees")
    shop.put_coupon(trees, stock=99)
    with pytest.raises(QuantityInvalid) as error:  # a coupon is an item of its own
        shop.redeem(me, 21, reward_id="tea")
    assert error.value.details == {"most": 20}
    assert shop.points(me) == 1_000


def test_a_sponsored_donation_is_owed_by_the_piece(shop: Shop, store: Store):
    shop.fund(10_000)
    shop.put(
        id="trees", kind="donation", merchant_id=store.id, stock=50, per_member_limit=None, sponsor=SPONSOR
    )
    shop.redeem(shop.member(9_000), 7, reward_id="trees")
    (due,) = shop.dues(store.id)
    assert (due.fen, due.pieces, due.budget_id) == (150, 7, "green")
    with pytest.raises(OutOfStock):
        shop.redeem(shop.member(90_000), 44, reward_id="trees")
    assert shop.settle(store.id) == 1
    assert shop.sponsored("trees").agrees


def test_reports_of_a_project_come_newest_first_from_its_organisation_only(shop: Shop, trees: Store):
    def report(n: int, key: str | None = None, reward_id: str = "trees", body: str = "") -> dict[str, Any]:
        return reports.report_project(
            reward_id,
            trees.owner,
            {"text": {"zh-CN": f"{n} 棵", "en": f"{n} trees"}, "quantity": n, "unit": "trees"},
            key=key,
            body_hash=body or str(n),
            rewards=shop.rewards,
            now=NOW + timedelta(days=n),
        )

    shop.put_coupon(trees, stock=1)
    for who, error in ((trees.clerk, Forbidden), (shop.open_store().owner, MerchantNotFound)):
        with pytest.raises(error):
            reports.require_reporter("trees", who, (), rewards=shop.rewards, merchants=shop.merchants)
    for reward_id, missing in (("tea", ReportsForDonations), ("gold", RewardNotFound)):
        with pytest.raises(missing):
            reports.require_reporter(
                reward_id, trees.owner, (), rewards=shop.rewards, merchants=shop.merchants
            )
    reports.require_reporter("trees", trees.manager, (), rewards=shop.rewards, merchants=shop.merchants)

    shop.put(id="greenway", kind="donation")  # the programme's own: an operator tells of it
    reports.require_reporter(
        "greenway", "operator", {"operator"}, rewards=shop.rewards, merchants=shop.merchants
    )
    with pytest.raises(Forbidden):
        reports.require_reporter("greenway", trees.owner, (), rewards=shop.rewards, merchants=shop.merchants)

    told = [report(n, f"k{n}") for n in range(5)]
    assert report(0, "k0") == told[0]
    assert at_once([lambda: report(2, "k2")] * 4) == [told[2]] * 4
    seen, cursor = [], None
    while True:
        page = reports.list_reports("trees", 2, cursor, rewards=shop.rewards, cursors=CURSORS)
        seen += [reports.report_body(each) for each in page.items]
        if (cursor := page.cursor) is None:
            break
    assert seen == told[::-1]
    with pytest.raises(IdempotencyKeyReused):
        report(9, "k0")
    with pytest.raises(IdempotencyKeyReused):  # the same words about another project
        report(0, "k0", "forest")


# What is refused leaves nothing


@pytest.mark.parametrize("code", ["NOT_ON_SALE", "OUT_OF_STOCK", "NOT_ENOUGH_POINTS", "REWARD_LIMIT_REACHED"])
def test_a_refused_redemption_of_coupons_leaves_nothing(shop: Shop, store: Store, code: str):
    terms: dict[str, Any] = {"stock": 10, "per_member_limit": 3}
    terms |= {"NOT_ON_SALE": {"state": PAUSED}, "OUT_OF_STOCK": {"stock": 1}}.get(code, {})
    shop.put_coupon(store, **terms)
    me, quantity = shop.member(150 if code == "NOT_ENOUGH_POINTS" else 900), 2
    if code == "REWARD_LIMIT_REACHED":
        quantity = 4
    before = shop.points(me), shop.left("tea")
    with pytest.raises(DomainError) as error:
        shop.buy(me, quantity)
    assert error.value.code == code
    assert (shop.points(me), shop.left("tea")) == before
    assert shop.rewards.member_items(me) == ([], [])
    assert not shop.taken(me, "tea")


def test_a_redemption_names_what_it_was_made_of(shop: Shop, store: Store):
    shop.put_coupon(store, stock=10)
    made = shop.redeem(shop.member(500), 2, reward_id="tea")
    (listed,) = shop.redemptions(made.member_id)
    assert isinstance(listed, Redemption)
    assert (
        redemption_body(listed, now=NOW)["coupons"] == list(made.coupons) == [f"{made.id}-0", f"{made.id}-1"]
    )
