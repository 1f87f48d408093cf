"""Compute a settlement: claim its payables by shards, add them up. Every step may run twice or die anywhere."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from puhui.merchants.api import Merchants
from puhui.rewards.api import PAYABLE_SHARDS, Payable, PayableClaimed, Rewards
from puhui.settlement.payables import claimed_payables
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements import model
from puhui.settlement.settlements.model import COMPUTING, Settlement
from puhui.settlement.settlements.summing import Summing, computed
from puhui.settlement.statements.model import Line, Tally
from puhui.store.session import Session, attempt

PAYABLES_PER_CLAIM = 20  # with their lines at most 42 of the 100 items of a transaction


@dataclass(frozen=True)
class Dependencies:
    """What claiming reads and writes."""

    repositories: Repositories
    rewards: Rewards
    merchants: Merchants


def claim_shard(settlement_id: str, shard: int, *, deps: Dependencies) -> int:
    """Claim the payables of one shard's merchants; how many. A claimed payable is never claimed again, so the step may run twice,
    die half-way, or run beside another settlement's. Raises SettlementNotFound, SettlementClosed."""
    settlement = deps.repositories.settlements.find(settlement_id)
    if settlement.status != COMPUTING:
        return 0
    return sum(
        _claim_merchant(settlement, merchant_id, shard, deps)
        for merchant_id in _merchants(settlement.programme_id, deps.merchants)
        if model.shard_of(merchant_id) == shard
    )


def _merchants(programme_id: str, merchants: Merchants) -> Iterator[str]:
    start = None
    while True:
        found, start = merchants.merchants_of_programme(programme_id, start=start)
        yield from found
        if start is None:
            return


def _claim_merchant(settlement: Settlement, merchant_id: str, shard: int, deps: Dependencies) -> int:
    rewards = deps.rewards
    titles: dict[str, dict[str, str]] = {}
    claimed = 0
    for payable_shard in range(PAYABLE_SHARDS):
        start = None
        while True:
            page, start = rewards.payables.unsettled(
                merchant_id, payable_shard, settlement.until, PAYABLES_PER_CLAIM, start
            )
            wanted = [each for each in page if each.programme_id == settlement.programme_id]
            titles |= _missing_titles(titles, wanted, rewards)
            claimed += _claim(settlement, shard, wanted, titles, deps)
            if start is None:
                break
    return claimed


def _missing_titles(
    known: Iterable[str], payables: Iterable[Payable], rewards: Rewards
) -> dict[str, dict[str, str]]:
    missing = list(dict.fromkeys(each.reward_id for each in payables if each.reward_id not in known))
    if not missing:
        return {}
    found = rewards.catalogue.rewards(missing)
    return {each: dict(found[each].title) if each in found else {} for each in missing}


def _claim(
    settlement: Settlement,
    shard: int,
    payables: list[Payable],
    titles: dict[str, dict[str, str]],
    deps: Dependencies,
) -> int:
    """Claim these payables in one transaction; one by one where another settlement has one of them."""
    if not payables:
        return 0
    repositories = deps.repositories

    def build(session: Session) -> int:
        lines = lines_of(payables, titles)
        repositories.settlements.count(session, settlement, shard, payables[0].merchant_id, lines)
        for each in payables:
            deps.rewards.payables.add_claim(session, each, settlement.id)
        return len(payables)

    try:
        return attempt(repositories.dynamodb, build)
    except PayableClaimed:
        if len(payables) == 1:
            return 0
        return sum(_claim(settlement, shard, [each], titles, deps) for each in payables)


def lines_of(payables: Iterable[Payable], titles: dict[str, dict[str, str]]) -> list[Line]:
    """The lines of these payables, one for each merchant, reward, budget and price."""
    tallies: dict[tuple[str, str, str, int], Tally] = {}
    for each in payables:
        key = (each.merchant_id, each.reward_id, each.budget_id, each.fen)
        tallies[key] = tallies.get(key, Tally()) + Tally(1, each.pieces, each.pieces * each.fen)
    return [
        Line(*key, titles.get(key[1], {}), tally.payables, tally.pieces, tally.fen)
        for key, tally in tallies.items()
    ]


def close(settlement_id: str, *, repositories: Repositories, rewards: Rewards, now: datetime) -> Settlement:
    """Add up what the shards claimed and let them claim no more. Repeating changes nothing.

    Raises SettlementNotFound, ArithmeticError, and Unavailable while the index of payables lags behind the claims.
    """
    settlement = repositories.settlements.find(settlement_id)
    if settlement.status != COMPUTING:
        return settlement
    parts = repositories.settlements.close_parts(settlement_id)
    summing = Summing(settlement)
    for line in repositories.statements.lines(settlement_id):
        summing.add(line)
    for statement in repositories.statements.of_settlement(settlement_id):
        for payable in claimed_payables(statement, rewards):
            summing.add_payable(payable)

    def build(session: Session) -> Settlement:
        before = repositories.settlements.find(settlement_id)
        if before.status != COMPUTING:
            return before
        repositories.settlements.put(session, after := computed(before, summing, parts, now))
        return after

    return attempt(repositories.dynamodb, build)


def stop(settlement_id: str, *, repositories: Repositories) -> Settlement:
    """Record that computing or posting failed. Raises SettlementNotFound."""

    def build(session: Session) -> Settlement:
        before = repositories.settlements.find(settlement_id)
        if (after := model.stopped(before)) != before:
            repositories.settlements.put(session, after)
        return after

    return attempt(repositories.dynamodb, build)
