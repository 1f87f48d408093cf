"""Reading for a report: shard by shard, one account at a time, every figure from both sides.

After ACCOUNTS_AT_ONCE accounts the sums are kept: an attempt goes on where the one before was cut off. A member's transfers, balance,
holds, redemptions and coupons are read in a row, not at once. Where they do not agree they are read again: a redemption may have
happened in between.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any, Protocol

from puhui.kernel import ids
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.kernel.pages import Page
from puhui.ledger.api import Balance, Ledger
from puhui.ledger.api import points as points_of
from puhui.points import report as reports
from puhui.points.dynamo import Points
from puhui.points.errors import ReportNotFound
from puhui.points.flows import Flows, account_differences, add_account, held_by
from puhui.points.money import add_money_account
from puhui.points.pieces import add_member_items
from puhui.points.report import Offer, Part, Report, Stock
from puhui.points.tally import Difference, Tally
from puhui.programmes.api import programme
from puhui.rewards.api import Reward, Rewards

READINGS_MAX = 4  # the first, and three more
REWARDS_AT_ONCE = 100  # one BatchGetItem
ACCOUNTS_AT_ONCE = 200  # after as many the sums are kept: some ten seconds' work
MEMBER, MONEY, UNIT = "member:", ("budget:", "merchant:"), "CNY"


class OfferPages(Protocol):
    """The rewards on offer, as ``rewards.catalogue.listing.Listing`` reads them."""

    def offers(self, programme_id: str, limit: int, start: str | None) -> Page[Any]: ...


@dataclass(frozen=True)
class Dependencies:
    """What a report reads. ``points`` keeps what it found."""

    points: Points
    ledger: Ledger
    rewards: Rewards


def start(
    programme_id: str,
    *,
    started_by: str,
    key: str | None,
    body_hash: str,
    points: Points,
    offers: OfferPages,
    rewards: Rewards,
    now: datetime,
) -> Report:
    """A new report, as of now: each reward's stock is counted and marked. The same key and body again give the same one. The
    caller starts the state machine, or starts it again when it stopped.

    Raises ProgrammeNotFound, IdempotencyKeyReused, Unavailable.
    """
    programme(programme_id)
    report_id = ids.key_id("report", started_by, key) if key else ids.new_id(now)
    if key and (existing := points.begun(report_id)):
        if existing.body_hash != body_hash:
            raise IdempotencyKeyReused
        return replace(existing, status=reports.RUNNING, stopped=False)
    stock: dict[str, Stock] = {}
    mark, cursor = ids.new_id(now), None
    while True:
        page = offers.offers(programme_id, REWARDS_AT_ONCE, cursor)
        for offer in page.items:
            if counted := rewards.stock.mark(offer.reward.id, mark):
                reward, left, given = counted
                stock[reward.id] = Stock(reward.stock, left, given)
        if (cursor := page.cursor) is None:
            break
    before = points.counted(programme_id)
    return points.start_report(
        Report(report_id, programme_id, started_by, now, stock, body_hash, before=before)
    )


def find(report_id: str, points: Points) -> Report:
    """A report. Raises ReportNotFound."""
    if (found := points.report(report_id)) is None:
        raise ReportNotFound
    return found


def read_shard(report_id: str, shard: int, *, deps: Dependencies) -> Tally:
    """Add up one shard's accounts and keep the sums, from where an attempt before came to. Doing it again reads nothing."""
    report, part = find(report_id, deps.points), deps.points.part(report_id, shard)
    if part.done:
        return part.tally
    tally, reached = part.tally, part.account
    known: dict[str, Reward] = {}
    accounts = groupby(deps.ledger.accounts(shard), key=lambda place: place[0])
    for count, (account, places) in enumerate(((who, own) for who, own in accounts if who > reached), 1):
        units = {unit for _, unit in places}
        if account.startswith(MONEY):
            if UNIT in units:
                _add(tally, partial(_read_money, account=account, report=report, ledger=deps.ledger))
        elif report.programme_id in units:
            _add(tally, partial(_read_points, account=account, report=report, known=known, deps=deps))
        if count % ACCOUNTS_AT_ONCE == 0:
            part = Part(tally, account, part.turn + 1)
            deps.points.put_part(report_id, shard, part)
    deps.points.put_part(report_id, shard, Part(tally, "", part.turn + 1, done=True))
    return tally


def _add(tally: Tally, read: Callable[[Tally], list[Difference]]) -> None:
    """Add what ``read`` finds to the sums, read again while it does not agree."""
    for _ in range(READINGS_MAX):
        part = Tally()
        if not (differences := read(part)):
            break
    part.add_differences(differences)
    tally.add(part)


def _read_points(
    part: Tally, account: str, report: Report, known: dict[str, Reward], deps: Dependencies
) -> list[Difference]:
    programme_id = report.programme_id
    balance = deps.ledger.balance(account, programme_id)
    flows = Flows(account, points_of(programme_id), report.moving_since, report.started_at)
    for transfer in deps.ledger.statement(account):
        flows.add(transfer)
    holds = list(deps.ledger.holds(account))
    held = held_by(holds, flows.asset)
    add_account(part, flows, balance, held)
    found = account_differences(flows, balance, held)
    if account.startswith(MEMBER):
        redemptions, coupons = deps.rewards.member_items(account.removeprefix(MEMBER))
        redemptions = [each for each in redemptions if each.programme_id == programme_id]
        _learn(known, {each.reward_id for each in redemptions}, deps.rewards)
        coupons = [each for each in coupons if each.programme_id == programme_id]
        found += add_member_items(part, redemptions, coupons, holds, known, flows, report.moment)
    return found


def _learn(known: dict[str, Reward], wanted: set[str], rewards: Rewards) -> None:
    """Read the rewards that are not known yet: what is asked of them here never changes."""
    missing = sorted(wanted - known.keys())
    for first in range(0, len(missing), REWARDS_AT_ONCE):
        known |= rewards.catalogue.rewards(missing[first : first + REWARDS_AT_ONCE])


def _read_money(part: Tally, account: str, report: Report, ledger: Ledger) -> list[Difference]:
    balance: Balance = ledger.balance(account, UNIT)
    until, since = report.started_at, report.moving_since
    return add_money_account(part, account, ledger.statement(account), balance, until, since)


def close(report_id: str, *, deps: Dependencies) -> Report:
    """Put the shards together with the rewards as they are now, and write the result. Raises LookupError when a shard was not
    read to its end."""
    report = find(report_id, deps.points)
    tally = Tally()
    for part in deps.points.parts(report_id):
        tally.add(part)
    wanted = {*tally.rewards, *tally.committed, *report.stock}
    stocked = _stocked_rewards(sorted(wanted), deps.rewards)
    for account in _accounts_without_balance(report, tally, stocked):
        _add(tally, partial(_read_money, account=account, report=report, ledger=deps.ledger))
    result = reports.concluded(report, tally, stocked)
    deps.points.close_report(report_id, result)
    if result["reconciles"] is not False:
        deps.points.keep_counted(report.programme_id, reports.counted(tally))
    return replace(report, status=reports.DONE, result=result)


def _accounts_without_balance(report: Report, tally: Tally, stocked: Mapping[str, Offer]) -> list[str]:
    """The rewards' merchants and budgets that no shard met: accounts are found by their balances."""
    rewards = [each.reward for each in stocked.values() if each.reward.programme_id == report.programme_id]
    merchants = {each.merchant_id for each in rewards} - {"", *tally.merchants}
    budgets = {each.budget_id for each in rewards} - {"", *tally.budgets}
    return [
        *(f"merchant:{each}" for each in sorted(merchants)),
        *(f"budget:{each}" for each in sorted(budgets)),
    ]


def _stocked_rewards(reward_ids: list[str], rewards: Rewards) -> Mapping[str, Offer]:
    found: dict[str, Offer] = {}
    for first in range(0, len(reward_ids), REWARDS_AT_ONCE):
        read = rewards.catalogue.rewards(reward_ids[first : first + REWARDS_AT_ONCE])
        found |= {each: Offer(reward, sum(rewards.stock.left(reward))) for each, reward in read.items()}
    return found
