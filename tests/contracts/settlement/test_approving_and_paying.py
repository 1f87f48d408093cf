"""Two people approve what they read; then the money becomes the merchants', once, and is paid, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from puhui.kernel.clock import CLOCK_SKEW
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.settlement.errors import (
    ApproverIsStaff,
    NothingToPay,
    PaymentDiffers,
    PaymentInFuture,
    SettlementApproved,
    SettlementChanged,
    SettlementEmpty,
    SettlementNotComputed,
    StatementNotFound,
    StatementNotPosted,
    StatementPaid,
)
from puhui.settlement.settlements import approving, posting
from puhui.settlement.settlements.model import SHARDS
from puhui.store import aws
from puhui.store.client import DynamoDB
from tests.contracts.settlement.world import NOW, World, context


@pytest.fixture
def shops(world: World) -> World:
    """Two shops that are owed 900 and 6,000 fen."""
    world.sponsor("bank-1", 100_000)
    world.reward("tea", "shop-a", "bank-1", fen=300)
    world.reward("ride", "shop-b", "bank-1", fen=150)
    for _ in range(3):
        world.payable("shop-a", "tea", "bank-1", 300)
    world.payable("shop-b", "ride", "bank-1", 150, pieces=40)
    return world


def test_two_people_approve_and_every_merchant_is_owed_its_statement(shops: World):
    done = shops.settled()
    once = shops.approve(done, "first")
    assert (once.status, len(once.approvals), shops.post(done.id).status) == ("computed", 1, "computed")
    assert (shops.owed("shop-a"), shops.owed("shop-b")) == (0, 0)
    twice = shops.approve(done, "second")
    assert (twice.status, [each.by for each in twice.approvals]) == ("approved", ["first", "second"])
    assert shops.post(done.id).status == "posted"
    assert (shops.owed("shop-a"), shops.owed("shop-b")) == (900, 6_000)
    assert shops.statement(done, "shop-a").status == "posted"
    (transfer,) = shops.ledger.transfers("merchant:shop-a", 10, None).items
    assert (transfer.kind, transfer.reference) == ("settle", done.id)
    # Set aside: 100 pieces each. What was settled has left, the rest is still there.
    assert shops.committed("budget:bank-1", "merchant:shop-a", "merchant:shop-b") == {
        "tea": 100 * 300 - 900,
        "ride": 100 * 150 - 6_000,
    }


def test_one_person_approves_once_however_often(shops: World):
    done = shops.settled()
    assert shops.approve(done, "first") == shops.approve(done, "first")
    assert shops.approve(done, "first", "key") == shops.approve(done, "first", "key")
    assert shops.approve(done, "second").status == "approved"
    with pytest.raises(SettlementApproved):
        shops.approve(done, "third")


def test_nobody_approves_what_was_not_read(shops: World):
    done = shops.settled()
    with pytest.raises(SettlementChanged):
        approving.approve(
            done.id, "ab" * 32, context("first"), repositories=shops.repositories, staff=shops.alliance
        )
    shops.approve(done, "first", "k")
    with pytest.raises(IdempotencyKeyReused):
        approving.approve(
            done.id,
            "ab" * 32,
            context("first", "k", "other"),
            repositories=shops.repositories,
            staff=shops.alliance,
        )


def test_nobody_approves_for_a_merchant_in_whose_service_they_are(shops: World):
    done = shops.settled()
    shops.alliance.places = {"clerk": ["elsewhere", "shop-b"], "other": ["elsewhere"]}
    with pytest.raises(ApproverIsStaff) as refused:
        shops.approve(done, "clerk")
    assert refused.value.details == {"merchant_id": "shop-b"}
    assert shops.approve(done, "other").approvals
    shops.leave("clerk", "shop-b")
    with pytest.raises(ApproverIsStaff):
        shops.approve(done, "clerk")


def test_only_what_was_computed_and_holds_something_is_approved(shops: World):
    opened = shops.open()
    with pytest.raises(SettlementNotComputed):
        shops.approve(opened, "first")
    shops.compute(opened.id)
    with pytest.raises(SettlementEmpty):
        shops.approve(shops.settled(), "first")


def test_two_people_who_approve_at_once_are_two(shops: World):
    done = shops.settled()

    def approve(who: str) -> Any:
        return shops.approve(done, who)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(approve, ["first", "second"]))
    found = shops.repositories.settlements.find(done.id)
    assert (found.status, found.round, {each.by for each in found.approvals}) == (
        "approved",
        1,
        {"first", "second"},
    )


def test_a_posting_that_dies_after_any_of_its_calls_posts_once(world: World):
    """45 rewards of one merchant: three transfers."""
    world.sponsor("bank-1", 1_000_000)
    for number in range(45):
        world.reward(f"reward-{number:02}", "shop-a", "bank-1", fen=10 + number)
        world.payable("shop-a", f"reward-{number:02}", "bank-1", 10 + number)
    done = world.settled()
    world.approve(done, "first")
    world.approve(done, "second")
    for survives in range(40):
        left = [survives]

        def call(
            service: str, operation: str, request: dict[str, Any], left: list[int] = left
        ) -> dict[str, Any]:
            if not left[0]:
                raise RuntimeError("died")
            left[0] -= 1
            return aws.call(service, operation, request)

        repositories, _, ledger = world.connect(DynamoDB(call))
        try:
            for shard in range(SHARDS):
                posting.post_shard(done.id, shard, repositories=repositories, ledger=ledger, now=NOW)
        except RuntimeError:
            continue
        break
    assert world.post(done.id).status == "posted"
    assert world.owed("shop-a") == done.fen == sum(10 + number for number in range(45))
    assert world.kinds("merchant:shop-a") == ["settle"] * 3


def test_a_merchant_with_more_rewards_than_one_transaction_takes_is_posted_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(posting, "POSTING_ITEMS_MAX", 1)
    for number in range(45):
        world.reward(f"reward-{number:02}", "shop-a")
        world.payable("shop-a", f"reward-{number:02}", "bank-1", 10)
    done = world.approved_and_posted(world.settled())
    assert (done.status, world.owed("shop-a"), world.statement(done, "shop-a").posted) == ("posted", 450, 3)


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def test_two_postings_at_once_post_once(shops: World):
    done = shops.settled()
    shops.approve(done, "first")
    shops.approve(done, "second")
    at_once([lambda: shops.post(done.id)] * 2)
    assert (shops.owed("shop-a"), shops.owed("shop-b")) == (900, 6_000)
    assert shops.kinds("merchant:shop-b") == ["settle"]


def test_a_payment_is_the_whole_statement_and_recorded_once(shops: World):
    done = shops.settled()
    with pytest.raises(StatementNotPosted):
        shops.pay(done, "shop-a", 900)
    shops.approved_and_posted(done)
    with pytest.raises(PaymentDiffers) as refused:
        shops.pay(done, "shop-a", 899)
    assert refused.value.details == {"total_fen": 900}
    with pytest.raises(PaymentInFuture):
        shops.pay(done, "shop-a", 900, paid_at=NOW + CLOCK_SKEW + timedelta(seconds=1))
    paid = shops.pay(done, "shop-a", 900, "k")
    assert (paid.status, shops.owed("shop-a"), shops.owed("shop-b")) == ("paid", 0, 6_000)
    assert shops.pay(done, "shop-a", 900, "k") == shops.statement(done, "shop-a")
    with pytest.raises(IdempotencyKeyReused):
        shops.pay(done, "shop-b", 6_000, "k")
    with pytest.raises(StatementPaid):
        shops.pay(done, "shop-a", 900, "another")
    assert shops.kinds("merchant:shop-a") == ["pay", "settle"]
    with pytest.raises(StatementNotFound):
        shops.pay(done, "nobody", 1)


def test_eight_clerks_who_record_one_payment_at_once_record_one(shops: World):
    done = shops.approved_and_posted(shops.settled())

    def pay(key: str | None) -> str:
        try:
            return shops.pay(done, "shop-a", 900, key).status
        except StatementPaid as refused:
            return refused.code

    outcomes = at_once([lambda: pay("same")] * 4 + [lambda: pay(None)] * 4)
    assert set(outcomes) <= {"paid", "STATEMENT_PAID"}
    assert (outcomes.count("paid") >= 1, shops.owed("shop-a"), shops.kinds("merchant:shop-a")) == (
        True,
        0,
        ["pay", "settle"],
    )


def test_a_statement_of_nothing_is_posted_and_needs_no_payment(world: World):
    world.reward("bag", "shop-a")
    world.payable("shop-a", "bag")
    done = world.approved_and_posted(world.settled())
    assert (done.status, world.statement(done, "shop-a").status, world.kinds("merchant:shop-a")) == (
        "posted",
        "posted",
        [],
    )
    with pytest.raises(NothingToPay):
        world.pay(done, "shop-a", 0)
