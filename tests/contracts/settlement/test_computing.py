"""A settlement counts everything that was verified before its moment, once, whatever runs twice or dies."""

from datetime import timedelta
from typing import Any

import pytest

from puhui.kernel import clock
from puhui.kernel.clock import CLOCK_SKEW
from puhui.kernel.errors import IdempotencyKeyReused, Unavailable
from puhui.programmes.api import ProgrammeNotFound
from puhui.settlement.errors import SettlementClosed, SettlementNotFound, SettlementTooEarly
from puhui.settlement.settlements import computing, opening
from puhui.settlement.settlements import views as settlement_views
from puhui.settlement.settlements.computing import Dependencies
from puhui.settlement.settlements.model import SHARDS, shard_of
from puhui.store import aws
from puhui.store.client import DynamoDB
from tests.contracts.settlement.world import LAG, NOW, UNTIL, P, World, context


def test_every_payable_is_in_its_merchants_lines_those_of_nothing_too(world: World):
    world.two_shops()
    done = world.settled()
    assert (done.status, done.merchants, done.payables, done.pieces, done.fen) == (
        "computed",
        2,
        5,
        44,
        6_900,
    )
    assert world.lines(done) == [
        ("shop-a", "bag", "", 0, 1, 1, 0),
        ("shop-a", "tea", "bank-1", 300, 3, 3, 900),
        ("shop-b", "ride", "bank-1", 150, 1, 40, 6_000),
    ]
    assert world.statement(done, "shop-a").tally.payables == 4
    claimed, _ = world.rewards.payables.claimed(done.id, "shop-a", 100, None)
    assert {(payable.reward_id, payable.settlement_id) for payable in claimed} == {
        ("tea", done.id),
        ("bag", done.id),
    }


def test_a_price_that_changed_makes_a_line_of_its_own(world: World):
    world.reward("tea", "shop-a")
    world.payable("shop-a", "tea", "bank-1", 300)
    world.payable("shop-a", "tea", "bank-1", 310)
    assert [line[3:] for line in world.lines(world.settled())] == [(300, 1, 1, 300), (310, 1, 1, 310)]


def test_what_is_verified_later_or_elsewhere_waits(world: World):
    world.reward("tea", "shop-a")
    world.payable("shop-a", "tea", "bank-1", 10, at=UNTIL)
    world.payable("shop-a", "tea", "bank-1", 20, at=UNTIL - timedelta(milliseconds=1))
    world.payable("shop-a", "tea", "bank-1", 40, programme="ant-forest")
    assert world.settled().fen == 20
    later = world.compute(world.open(until=NOW - timedelta(seconds=LAG)).id)
    assert later.fen == 10


def test_a_merchant_with_hundreds_of_payables_in_many_rewards_is_counted_whole(world: World):
    for number in range(30):
        world.reward(f"reward-{number}", "shop-a")
    for number in range(200):
        world.payable("shop-a", f"reward-{number % 30}", "bank-1", 7)
    done = world.settled()
    assert (done.payables, done.fen, len(world.lines(done))) == (200, 1_400, 30)


def test_a_settlement_with_nothing_in_it_says_so(world: World):
    world.two_shops()
    world.settled()
    again = world.settled()
    assert (again.status, again.payables, again.merchants) == ("empty", 0, 0)
    assert settlement_views.settlement_body(again)["status"] == "empty"


def test_a_step_that_runs_again_adds_nothing(world: World):
    world.two_shops()
    opened = world.open()
    for shard in [*range(SHARDS), *range(SHARDS)]:
        computing.claim_shard(opened.id, shard, deps=world.deps)
    first = computing.close(opened.id, repositories=world.repositories, rewards=world.rewards, now=NOW)
    assert (first.payables, first.fen) == (5, 6_900)
    assert (
        computing.close(
            opened.id, repositories=world.repositories, rewards=world.rewards, now=NOW + timedelta(hours=1)
        )
        == first
    )
    assert sum(computing.claim_shard(opened.id, shard, deps=world.deps) for shard in range(SHARDS)) == 0


def test_a_step_that_dies_after_any_of_its_calls_goes_on_where_it_was(world: World):
    world.two_shops()
    opened = world.open()
    for survives in range(60):  # dies before its call of that number, after each of them had its effect
        left = [survives]

        def call(
            service: str, operation: str, request: dict[str, Any], left: list[int] = left
        ) -> dict[str, Any]:
            if not left[0]:
                raise _Died
            left[0] -= 1
            return aws.call(service, operation, request)

        repositories, rewards, _ = world.connect(DynamoDB(call))
        books = Dependencies(repositories, rewards, world.alliance)  # type: ignore[arg-type]
        try:
            for shard in range(SHARDS):
                computing.claim_shard(opened.id, shard, deps=books)
        except _Died:
            continue
        break
    done = computing.close(opened.id, repositories=world.repositories, rewards=world.rewards, now=NOW)
    assert (done.payables, done.pieces, done.fen) == (5, 44, 6_900)


class _Died(Exception):
    pass


def test_an_answer_that_is_lost_counts_nothing_twice(world: World):
    world.two_shops()
    opened = world.open()
    lost = []

    def call(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer = aws.call(service, operation, request)
        if operation == "TransactWriteItems" and len(lost) < 2:
            lost.append(request)
            raise _Died
        return answer

    repositories, rewards, _ = world.connect(DynamoDB(call))
    for _ in range(3):
        try:
            for shard in range(SHARDS):
                computing.claim_shard(
                    opened.id,
                    shard,
                    deps=Dependencies(repositories, rewards, world.alliance),  # type: ignore[arg-type]
                )
        except _Died:
            continue
    done = computing.close(opened.id, repositories=world.repositories, rewards=world.rewards, now=NOW)
    assert (len(lost), done.payables, done.fen) == (2, 5, 6_900)


def test_the_index_may_still_show_what_was_claimed(world: World):
    world.two_shops()
    stale = {
        (merchant, shard): world.rewards.payables.unsettled(merchant, shard, UNTIL, 100, None)
        for merchant in ("shop-a", "shop-b")
        for shard in range(8)
    }
    first, second = world.open(), world.open()
    world.compute(first.id)
    late = world.connect(DynamoDB())[1]
    late.payables.unsettled = lambda merchant, shard, *_: stale[merchant, shard]  # type: ignore[method-assign]
    for settlement in (first, second):
        for shard in range(SHARDS):
            computing.claim_shard(
                settlement.id,
                shard,
                deps=Dependencies(world.repositories, late, world.alliance),  # type: ignore[arg-type]
            )
    done = computing.close(second.id, repositories=world.repositories, rewards=world.rewards, now=NOW)
    assert (done.status, done.payables) == ("empty", 0)
    assert world.repositories.settlements.find(first.id).payables == 5


def test_where_another_settlement_has_one_of_a_batch_the_others_are_claimed_all_the_same(world: World):
    for number in range(6):
        world.reward(f"reward-{number}", "shop-a")
        world.payable("shop-a", f"reward-{number}", "bank-1", 10)
    shard = shard_of("shop-a")
    both = [
        payable
        for each in range(8)
        for payable in world.rewards.payables.unsettled("shop-a", each, UNTIL, 100, None)[0]
    ]
    first, second = world.open(), world.open()
    seen: dict[str, list[Any]] = {first.id: both[:2], second.id: both}
    for opened in (first, second):
        late = world.connect(DynamoDB())[1]
        late.payables.unsettled = lambda _merchant, each, *_, mine=seen[opened.id]: (
            [] if each else mine,
            None,
        )  # type: ignore[method-assign]
        computing.claim_shard(opened.id, shard, deps=Dependencies(world.repositories, late, world.alliance))  # type: ignore[arg-type]
    sums = [
        computing.close(each.id, repositories=world.repositories, rewards=world.rewards, now=NOW).payables
        for each in (first, second)
    ]
    assert sums == [2, 4]


def test_a_step_that_was_thought_dead_adds_nothing_once_the_settlement_is_summed_up(world: World):
    world.two_shops()
    opened = world.open()
    computing.close(opened.id, repositories=world.repositories, rewards=world.rewards, now=NOW)
    world.repositories.settlements.find = lambda _id: opened  # type: ignore[method-assign] # as the old step read it
    with pytest.raises(SettlementClosed):
        computing.claim_shard(opened.id, shard_of("shop-a"), deps=world.deps)
    assert world.lines(opened) == []


def test_two_settlements_at_once_share_the_payables_without_a_rest(world: World):
    world.two_shops()
    for _ in range(50):
        world.payable("shop-a", "tea", "bank-1", 300)
    one, two = world.open(), world.open()
    for shard in range(SHARDS):
        for opened in (one, two):
            computing.claim_shard(opened.id, shard, deps=world.deps)
    sums = [
        computing.close(each.id, repositories=world.repositories, rewards=world.rewards, now=NOW)
        for each in (one, two)
    ]
    assert sum(each.payables for each in sums) == 55
    assert sum(each.fen for each in sums) == 6_900 + 50 * 300


def test_up_to_now_is_up_to_the_last_moment_that_can_be_seen_whatever_clock_says_so(world: World):
    latest = NOW - timedelta(seconds=LAG)
    for until in (NOW - timedelta(seconds=LAG - 1), NOW, NOW + CLOCK_SKEW):
        assert world.open(until=until).until == latest
    assert world.open(until=latest - timedelta(days=1)).until == latest - timedelta(days=1)
    with pytest.raises(SettlementTooEarly) as refused:
        world.open(until=NOW + CLOCK_SKEW + timedelta(seconds=1))
    assert refused.value.details == {"minutes": 5}


def test_the_same_request_opens_one_settlement(world: World):
    first = world.open("k")
    assert world.open("k") == first
    with pytest.raises(IdempotencyKeyReused):
        world.open("k", until=UNTIL - timedelta(days=1))
    with pytest.raises(ProgrammeNotFound):
        opening.open_settlement(
            "nowhere", UNTIL, context("operator"), lag_seconds=LAG, repositories=world.repositories
        )
    with pytest.raises(SettlementNotFound):
        world.repositories.settlements.find("none")


def test_the_calendar_opens_one_settlement_a_month_of_what_was_before_it(world: World):
    at = clock.from_text("2026-12-01T08:30:00+08:00")
    first = opening.open_month(P, at, lag_seconds=LAG, repositories=world.repositories)
    assert clock.to_text(first.until) == "2026-12-01T00:00:00+08:00"
    assert (
        opening.open_month(P, at + timedelta(hours=3), lag_seconds=LAG, repositories=world.repositories)
        == first
    )
    other = opening.open_month("ant-forest", at, lag_seconds=LAG, repositories=world.repositories)
    assert other.id != first.id


def test_every_merchant_belongs_to_one_shard(world: World):
    world.alliance.ids = [f"shop-{number}" for number in range(50)]
    for merchant in world.alliance.ids:
        world.payable(merchant, "tea", "bank-1", 1)
    done = world.settled()
    assert (done.merchants, done.fen) == (50, 50)


def test_two_settlements_of_the_same_numbers_have_hashes_of_their_own(world: World):
    world.reward("bag", "shop-a")
    world.payable("shop-a", "bag")
    first = world.settled()
    world.payable("shop-a", "bag")
    second = world.settled("later")
    assert (first.payables, first.pieces, first.fen) == (second.payables, second.pieces, second.fen)
    assert first.hash != second.hash


def test_a_settlement_waits_for_the_index_to_show_every_payable_that_it_hashes(
    world: World, monkeypatch: Any
):
    world.two_shops()
    opened = world.open()
    for shard in range(SHARDS):
        computing.claim_shard(opened.id, shard, deps=world.deps)
    with monkeypatch.context() as behind:
        behind.setattr(world.rewards.payables, "claimed", lambda *_: ([], None))
        with pytest.raises(Unavailable):
            computing.close(opened.id, repositories=world.repositories, rewards=world.rewards, now=NOW)
    done = computing.close(opened.id, repositories=world.repositories, rewards=world.rewards, now=NOW)
    assert (done.status, done.fen) == ("computed", 6_900)


def test_a_settlement_that_stopped_says_so_until_it_goes_on(world: World):
    world.two_shops()
    opened = world.open()
    for _ in range(2):
        assert computing.stop(opened.id, repositories=world.repositories).stopped
    shown = settlement_views.settlement_body(world.repositories.settlements.find(opened.id))
    assert (shown["status"], shown["stopped"]) == ("computing", True)
    done = world.compute(opened.id)
    assert "stopped" not in settlement_views.settlement_body(done)
    assert not computing.stop(
        opened.id, repositories=world.repositories
    ).stopped  # nothing was under way any more


def test_a_posting_that_stopped_says_so_until_all_is_posted(world: World):
    world.two_shops()
    done = world.settled()
    world.approve(done, "first")
    approved = world.approve(done, "second")
    assert computing.stop(done.id, repositories=world.repositories).stopped
    assert world.approve(approved, "second").stopped  # sent again, it starts the posting again
    assert (world.post(done.id).status, world.post(done.id).stopped) == ("posted", False)
