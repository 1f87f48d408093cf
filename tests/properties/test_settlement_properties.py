"""Settling under any set of payables and any failure: every payable is in exactly one settlement, and the sums agree to the fen.

Steps run in any order, twice, side by side for two settlements, and die before any of their calls; what was owed is what the lines
say, what the lines say is what was transferred, and the ledger's audit finds no difference.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from puhui.settlement.errors import SettlementClosed
from puhui.settlement.settlements import computing, posting
from puhui.settlement.settlements.computing import Dependencies
from puhui.settlement.settlements.model import SHARDS, Settlement
from puhui.settlement.statements.model import Tally
from puhui.store import aws
from puhui.store.client import DynamoDB
from tests.contracts.settlement.world import NOW, World

PIECES = 1_000
REWARDS = {  # merchant, budget, fen a piece
    "tea": ("shop-a", "bank-1", 300),
    "cup": ("shop-a", "bank-2", 7),
    "bag": ("shop-a", "", 0),
    "ride": ("shop-b", "bank-1", 150),
    "tree": ("shop-c", "bank-2", 1),
}
PAYABLES = st.lists(st.tuples(st.sampled_from(sorted(REWARDS)), st.integers(1, 3)), max_size=45)
SHARD = st.integers(0, SHARDS - 1)
LIFE = st.one_of(st.none(), st.integers(0, 12))  # how many calls a step makes before it dies; None: it lives
STEPS = st.lists(st.tuples(st.integers(0, 1), SHARD, LIFE), max_size=14)
POSTINGS = st.lists(st.tuples(st.integers(0, 1), LIFE), max_size=5)
FIRST_CLOSED = st.integers(0, 14)


class Died(Exception):
    """A function ended where it stood."""


def mortal(life: int | None) -> DynamoDB:
    """DynamoDB for a function that makes ``life`` calls; each of them, the last one too, has its effect."""
    left = [life if life is not None else 10**9]

    def call(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if not left[0]:
            raise Died
        left[0] -= 1
        answer = aws.call(service, operation, request)
        if life is not None and not left[0] and operation == "TransactWriteItems":
            raise Died  # it never hears that it was done
        return answer

    return DynamoDB(call)


def claim(world: World, settlement: Settlement, shard: int, life: int | None) -> None:
    repositories, rewards, _ = world.connect(mortal(life))
    books = Dependencies(repositories, rewards, world.alliance)  # type: ignore[arg-type]
    with suppress(Died, SettlementClosed):
        computing.claim_shard(settlement.id, shard, deps=books)


def post(world: World, settlement: Settlement, life: int | None) -> None:
    repositories, _, ledger = world.connect(mortal(life))
    with suppress(Died):
        for shard in range(SHARDS):
            posting.post_shard(settlement.id, shard, repositories=repositories, ledger=ledger, now=NOW)
        posting.close_posting(settlement.id, repositories=repositories)


class Played:
    """A programme with these payables, and two settlements that share them."""

    def __init__(self, tables: dict[str, str], payables: list[tuple[str, int]]) -> None:
        self.world = world = World(tables)
        self.payable_ids: list[str] = []
        self.owed: Counter[str] = Counter()
        self.spent: Counter[str] = Counter()
        for budget in ("bank-1", "bank-2"):
            world.sponsor(budget, 10**6)
        for reward_id, (merchant, budget, fen) in REWARDS.items():
            world.reward(reward_id, merchant, budget, fen, PIECES)
        for reward_id, pieces in payables:
            merchant, budget, fen = REWARDS[reward_id]
            self.payable_ids.append(world.payable(merchant, reward_id, budget, fen, pieces=pieces))
            self.owed[merchant] += fen * pieces
            self.spent[reward_id] += fen * pieces
        self.both = [world.open(), world.open()]

    def close(self, which: int) -> Settlement:
        return computing.close(
            self.both[which].id, repositories=self.world.repositories, rewards=self.world.rewards, now=NOW
        )

    def claimed(self, settlement: Settlement) -> list[str]:
        """The payables that a settlement has, after looking that its lines and statements are just these."""
        world, mine, found = self.world, Counter[tuple[str, str, str, int]](), []
        for merchant in world.alliance.ids:
            for payable in world.rewards.payables.claimed(settlement.id, merchant, 1_000, None)[0]:
                assert payable.settlement_id == settlement.id
                mine[merchant, payable.reward_id, payable.budget_id, payable.fen] += payable.pieces
                found.append(payable.id)
        lines = list(world.repositories.statements.lines(settlement.id))
        assert {line.key: line.tally.pieces for line in lines} == mine
        of_statements = [each.tally for each in world.repositories.statements.of_settlement(settlement.id)]
        assert len(of_statements) == settlement.merchants
        for tallies in ([line.tally for line in lines], of_statements):
            assert sum(tallies, Tally()) == Tally(settlement.payables, settlement.pieces, settlement.fen)
        return found


@pytest.mark.timeout(300)
@given(payables=PAYABLES, steps=STEPS, postings=POSTINGS, first_closed=FIRST_CLOSED)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_payable_is_settled_once_and_every_sum_agrees(
    make_table: Callable[[str], str],
    payables: list[tuple[str, int]],
    steps: list[tuple[int, int, int | None]],
    postings: list[tuple[int, int | None]],
    first_closed: int,
):
    played = Played({name: make_table(name) for name in ("settlement", "rewards", "ledger")}, payables)
    world = played.world
    for count, (which, shard, life) in enumerate(steps):
        if count == first_closed:
            played.close(0)
        claim(world, played.both[which], shard, life)
    for shard in range(SHARDS):  # redriven to the end
        claim(world, played.both[1], shard, None)
    done = [played.close(0), played.close(1)]
    assert sorted(played.claimed(done[0]) + played.claimed(done[1])) == sorted(played.payable_ids)
    assert done[0].fen + done[1].fen == played.owed.total()

    approved = [each for each in done if each.status == "computed"]
    for settlement in approved:
        world.approve(settlement, "first")
        world.approve(settlement, "second")
    for which, life in postings:
        post(world, done[which], life)
    for settlement in approved:
        post(world, settlement, None)
        assert world.repositories.settlements.find(settlement.id).status == "posted"
    assert {each: world.owed(each) for each in world.alliance.ids} == {
        each: played.owed[each] for each in world.alliance.ids
    }
    accounts = ["budget:bank-1", "budget:bank-2", *(f"merchant:{each}" for each in world.alliance.ids)]
    assert world.committed(*accounts) == {
        reward_id: fen * PIECES - played.spent[reward_id] for reward_id, (_, _, fen) in REWARDS.items() if fen
    }
    world.sound()
