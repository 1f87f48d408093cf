"""One run over all members: what is due today is done, shard by shard, one member at a time. Each step may run twice.

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
from puhui.ledger.api import Balance, Ledger, TransferPosted, balance_from, lot_of, of
from puhui.points import donation
from puhui.points.dynamo import Points, choice_from
from puhui.points.errors import DayNotToday, JobNotFound
from puhui.points.model import (
    DONATE,
    EXPIRE,
    LOTS_AT_ONCE,
    REMIND,
    Job,
    due,
    due_on,
    ended,
    expiring,
    has_work,
)
from puhui.rewards.api import Rewards
from puhui.store.client import ConditionFailed
from puhui.store.session import Session, attempt

BALANCES_AT_ONCE = 100  # one BatchGetItem
ROUNDS_MAX = 20  # transactions for one account and run, LOTS_AT_ONCE lots each: more than a life's months
LOCAL = "local"  # the stage in which runs of other days may be tried
MEMBER = "member:"

Tell = Callable[[str, str, int, str], bool]
"""Remind a member (member, programme, points, lot); False when the member takes no messages."""


@dataclass(frozen=True)
class Books:
    """What a run reads and writes; ``tell`` is None where no message template is set."""

    points: Points
    ledger: Ledger
    rewards: Rewards
    tell: Tell | None = None


def day_asked(day: str, stage: str, now: datetime) -> date:
    """The day to run for: today in China, or ``day`` (``2026-11-29``), which is for trying things out. Raises DayNotToday in any
    stage but LOCAL."""
    if not day:
        return clock.programme_day(now)
    if stage != LOCAL:
        raise DayNotToday
    return date.fromisoformat(day)


def start(day: date, again: str, *, asked: bool, points: Points) -> Job | None:
    """The day's job, or None when nothing can be due and nobody ``asked``; ``again`` names a further run of the day."""
    if not (asked or has_work(day)):
        return None
    return points.start_job(Job(f"{day}-{again}" if again else str(day), day))


def work_shard(job_id: str, shard: int, *, books: Books, now: datetime) -> None:
    """Do what is due for the shard's members, from where a run before came to: today, or on the job's day if that is still to
    come, as only trying things out can make it. Raises JobNotFound."""
    if (job := books.points.job(job_id)) is None:
        raise JobNotFound(job_id=job_id)
    now = max(now, clock.day_start(job.day))
    day = clock.programme_day(now)
    lot = lot_of(day)
    reached = books.points.position(job_id, shard)
    places = (
        place for place in books.ledger.accounts(shard) if place[0].startswith(MEMBER) and place[0] >= reached
    )
    while chunk := list(islice(places, BALANCES_AT_ONCE)):
        items = books.ledger.dynamodb.get_all([books.ledger.balance_key(*place) for place in chunk])
        balances = [balance_from(*place, item) for place, item in zip(chunk, items, strict=True)]
        givers = _givers(balances, lot, books.points) if DONATE in due_on(day, lot) else set()
        passed: Counter[str] = Counter()
        for balance in balances:
            gives = (balance.account, balance.unit) in givers
            passed += _work(balance, job_id, shard, books, now, gives=gives)
        books.points.advance(job_id, shard, chunk[-1][0], passed)


def _givers(balances: list[Balance], lot: str, points: Points) -> set[tuple[str, str]]:
    """Those of the accounts of which something of the lot is to be given away: one read for a hundred."""
    places = [(each.account.removeprefix(MEMBER), each.unit) for each in balances]
    items = points.dynamodb.get_all([points.choice_key(*place) for place in places])
    return {
        (each.account, each.unit)
        for each, place, item in zip(balances, places, items, strict=True)
        if choice_from(*place, item).wants(lot, each.lots.get(lot, 0))
    }


def _work(
    balance: Balance, job_id: str, shard: int, books: Books, now: datetime, *, gives: bool
) -> Counter[str]:
    day = clock.programme_day(now)
    steps = due(balance, day)
    passed: Counter[str] = Counter()
    if EXPIRE in steps:
        expire(balance.account, balance.unit, job_id, shard, books=books, now=now)
    if REMIND in steps:
        passed += _remind(balance, lot_of(day), job_id, shard, books)
    if gives:
        donation.donate(
            balance.account.removeprefix(MEMBER),
            balance.unit,
            lot_of(day),
            lambda session, counts: books.points.add_counts(session, job_id, shard, counts),
            points=books.points,
            ledger=books.ledger,
            rewards=books.rewards,
            now=now,
        )
    return passed


def expire(account: str, programme_id: str, job_id: str, shard: int, *, books: Books, now: datetime) -> None:
    """End every lot of the account whose month is over, as it stands at the moment of writing. Raises Unavailable after
    ROUNDS_MAX transactions: a run again goes on."""
    day = clock.programme_day(now)

    def build(session: Session) -> bool:
        balance = books.ledger.balance(account, programme_id)
        lots = ended(balance, day)[:LOTS_AT_ONCE]
        if lots:
            transfers = [expiring(balance, lot, now) for lot in lots]
            books.ledger.add(session, transfers, of([balance]), day)
            counts = {"expired_lots": len(lots), "expired_points": sum(balance.lots[lot] for lot in lots)}
            books.points.add_counts(session, job_id, shard, counts)
        return bool(lots)

    for _ in range(ROUNDS_MAX):
        with suppress(TransferPosted):  # by this very request, whose answer got lost: look again
            if not attempt(books.ledger.dynamodb, build):
                return
    raise Unavailable


def _remind(balance: Balance, lot: str, job_id: str, shard: int, books: Books) -> Counter[str]:
    if books.tell is None:
        return Counter(not_reminded=1)
    member_id = balance.account.removeprefix(MEMBER)
    session = Session(books.points.dynamodb)
    books.points.first_reminder(session, member_id, balance.unit, lot)
    books.points.add_counts(session, job_id, shard, {"reminded": 1})
    try:
        session.commit()
    except ConditionFailed:
        return Counter()
    if not books.tell(member_id, balance.unit, balance.lots[lot], lot):
        session = Session(books.points.dynamodb)
        books.points.add_counts(session, job_id, shard, {"reminded": -1, "not_reminded": 1})
        session.commit()
    return Counter()
