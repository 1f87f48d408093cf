"""One run over all members: end, remind, donate what today asks for, shard by shard, member by member. Each step may run twice.

What can be counted together with its effect is counted in the same transaction; the rest with the run's position.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from puhui.kernel import clock
from puhui.kernel.errors import Unavailable
from puhui.ledger.api import Balance, Ledger, TransferPosted, balance_from, lot_of, lots_of_month, of
from puhui.points import donation
from puhui.points.dynamo import Points, choice_from
from puhui.points.errors import DayNotToday, JobNotFound
from puhui.points.model import (
    DONATE,
    EXPIRE,
    LOTS_AT_ONCE,
    REMIND,
    Job,
    ended,
    expiring,
    has_work,
    steps_of,
    steps_on,
)
from puhui.rewards.api import Rewards
from puhui.store.client import ConditionFailed
from puhui.store.session import Session, attempt

BALANCES_AT_ONCE = 100  # one BatchGetItem
ROUNDS_MAX = 20  # transactions for one account and run, LOTS_AT_ONCE lots each: more than a life's months
LOCAL = "local"  # the stage in which runs of other days may be tried
MEMBER = "member:"

SendReminder = Callable[[str, str, int, str], bool]
"""Remind a member (member, programme, points, lot); False when the member takes no messages."""


@dataclass(frozen=True)
class Dependencies:
    """What a run reads and writes; ``send_reminder`` is None where no message template is set."""

    points: Points
    ledger: Ledger
    rewards: Rewards
    send_reminder: SendReminder | None = None


def day_asked(day: str, stage: str, now: datetime) -> date:
    """The day to run for: today in China, or ``day`` (``2026-11-29``), which is for trying things out. Raises DayNotToday in any
    stage but LOCAL."""
    if not day:
        return clock.programme_day(now)
    if stage != LOCAL:
        raise DayNotToday
    return date.fromisoformat(day)


def start(day: date, again: str, *, asked: bool, points: Points) -> Job | None:
    """The day's job, or None when the day asks for nothing and nobody ``asked``; ``again`` names a further run of the day."""
    if not (asked or has_work(day)):
        return None
    return points.start_job(Job(f"{day}-{again}" if again else str(day), day))


def work_shard(job_id: str, shard: int, *, deps: Dependencies, now: datetime) -> None:
    """Do what the day asks for the shard's members, from where a run before came to: today, or on the job's day if that is still to
    come, as only trying things out can make it. Raises JobNotFound."""
    if (job := deps.points.job(job_id)) is None:
        raise JobNotFound(job_id=job_id)
    now = max(now, clock.day_start(job.day))
    day = clock.programme_day(now)
    reached = deps.points.position(job_id, shard)
    places = (
        place for place in deps.ledger.accounts(shard) if place[0].startswith(MEMBER) and place[0] >= reached
    )
    while chunk := list(islice(places, BALANCES_AT_ONCE)):
        items = deps.ledger.dynamodb.get_all([deps.ledger.balance_key(*place) for place in chunk])
        balances = [balance_from(*place, item) for place, item in zip(chunk, items, strict=True)]
        givers = _givers(balances, day, deps.points) if DONATE in steps_on(day, lot_of(day)) else {}
        passed: Counter[str] = Counter()
        for balance in balances:
            gives = givers.get((balance.account, balance.unit), [])
            passed += _work(balance, job_id, shard, deps, now, gives=gives)
        deps.points.advance(job_id, shard, chunk[-1][0], passed)


def _givers(balances: list[Balance], day: date, points: Points) -> dict[tuple[str, str], list[str]]:
    """Those of the accounts of which something is to be given away, and the lots: one read for a hundred."""
    places = [(each.account.removeprefix(MEMBER), each.unit) for each in balances]
    items = points.dynamodb.get_all([points.choice_key(*place) for place in places])
    wanted = {}
    for each, place, item in zip(balances, places, items, strict=True):
        choice = choice_from(*place, item)
        wanted[each.account, each.unit] = [
            lot for lot in lots_of_month(day) if choice.wants(lot, each.lots.get(lot, 0))
        ]
    return wanted


def _work(
    balance: Balance, job_id: str, shard: int, deps: Dependencies, now: datetime, *, gives: list[str]
) -> Counter[str]:
    day = clock.programme_day(now)
    steps = steps_of(balance, day)
    passed: Counter[str] = Counter()
    if EXPIRE in steps:
        expire(balance.account, balance.unit, job_id, shard, deps=deps, now=now)
    if REMIND in steps:
        passed += _remind(balance, day, job_id, shard, deps)
    for lot in gives:
        donation.donate(
            balance.account.removeprefix(MEMBER),
            balance.unit,
            lot,
            lambda session, counts: deps.points.add_counts(session, job_id, shard, counts),
            points=deps.points,
            ledger=deps.ledger,
            rewards=deps.rewards,
            now=now,
        )
    return passed


def expire(
    account: str, programme_id: str, job_id: str, shard: int, *, deps: Dependencies, now: datetime
) -> None:
    """End every lot of the account whose month is over, as it is at the moment of writing. Raises Unavailable after
    ROUNDS_MAX transactions: a run again goes on."""
    day = clock.programme_day(now)

    def build(session: Session) -> bool:
        balance = deps.ledger.balance(account, programme_id)
        lots = ended(balance, day)[:LOTS_AT_ONCE]
        if lots:
            transfers = [expiring(balance, lot, now) for lot in lots]
            deps.ledger.add(session, transfers, of([balance]), day)
            counts = {"expired_lots": len(lots), "expired_points": sum(balance.lots[lot] for lot in lots)}
            deps.points.add_counts(session, job_id, shard, counts)
        return bool(lots)

    for _ in range(ROUNDS_MAX):
        with suppress(TransferPosted):  # by this very request, whose answer got lost: look again
            if not attempt(deps.ledger.dynamodb, build):
                return
    raise Unavailable


def _remind(balance: Balance, day: date, job_id: str, shard: int, deps: Dependencies) -> Counter[str]:
    """Once a month, of all that ends with it."""
    if deps.send_reminder is None:
        return Counter(not_reminded=1)
    member_id, lot = balance.account.removeprefix(MEMBER), lot_of(day)
    held = sum(balance.lots.get(each, 0) for each in lots_of_month(day))
    session = Session(deps.points.dynamodb)
    deps.points.first_reminder(session, member_id, balance.unit, lot)
    deps.points.add_counts(session, job_id, shard, {"reminded": 1})
    try:
        session.commit()
    except ConditionFailed:
        return Counter()
    if not deps.send_reminder(member_id, balance.unit, held, lot):
        session = Session(deps.points.dynamodb)
        deps.points.add_counts(session, job_id, shard, {"reminded": -1, "not_reminded": 1})
        session.commit()
    return Counter()
