"""Steps from WeRun: upserted by day, only the increase is credited, and a day's steps count in one programme."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from puhui.activities import credit
from puhui.activities.dynamo import activity_from, day_from
from puhui.activities.errors import ActivityStands, CapReached
from puhui.activities.model import CREDITED, NO_TIME, Activity, Day, Entry, fit
from puhui.activities.ports import Books
from puhui.kernel import clock, ids
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.ledger.api import Balance, Transfer, balance_from, member, of
from puhui.methodologies import api as methodologies
from puhui.programmes import api as programmes
from puhui.programmes.api import Behaviour, Programme
from puhui.store.session import Session, attempt

BEHAVIOUR = "walking"
CLAIMED_ELSEWHERE = "CLAIMED_ELSEWHERE"
CAP_REACHED = CapReached.code
IMPLAUSIBLE = "STEPS_IMPLAUSIBLE"


@dataclass
class _Sync:
    """One sync while it is worked out."""

    programme: Programme
    behaviour: Behaviour
    member_id: str
    balance: Balance
    now: datetime
    transfers: list[Transfer]


def sync_steps(
    member_id: str,
    programme_id: str,
    steps: Sequence[tuple[date, int]],
    *,
    key: str | None,
    body_hash: str,
    books: Books,
    now: datetime,
) -> dict[str, Any]:
    """Credit what the days' steps add to what was credited before; the answer of the contract.

    A day's number can only grow, so that the same steps again add nothing. One read and one transaction of at most
    3 items a day, the balance and the stored answer. Raises ProgrammeNotFound, BehaviourUnknown.
    """
    programme = programmes.programme(programme_id)
    behaviour = programmes.behaviour(programme, BEHAVIOUR)
    answer_id = ids.key_id(member_id, "steps", key) if key else ""
    if answer_id and (stored := books.activities.answer(member_id, answer_id)):
        return _replayed(stored, body_hash)

    def build(session: Session) -> dict[str, Any]:
        answer = _add(session, programme, behaviour, member_id, steps, books, now)
        if answer_id:
            books.activities.add_answer(session, member_id, answer_id, body_hash, answer)
        return answer

    try:
        return attempt(books.ledger.dynamodb, build)
    except ActivityStands:
        return _replayed(books.activities.answer(member_id, answer_id) or {}, body_hash)


def _replayed(stored: dict[str, Any], body_hash: str) -> dict[str, Any]:
    if stored.get("body_hash") != body_hash:
        raise IdempotencyKeyReused
    answer: dict[str, Any] = stored["answer"]
    return answer


def activity_id_of(member_id: str, programme_id: str, day: date) -> str:
    """The activity that a day's walk always is."""
    return ids.key_id(member_id, programme_id, BEHAVIOUR, day.isoformat())


def _add(
    session: Session,
    programme: Programme,
    behaviour: Behaviour,
    member_id: str,
    steps: Sequence[tuple[date, int]],
    books: Books,
    now: datetime,
) -> dict[str, Any]:
    activities, ledger, owner = books.activities, books.ledger, member(member_id)
    places = [activities.day_key(member_id, day) for day, _ in steps]
    *days, balance_item = ledger.dynamodb.get_all([*places, ledger.balance_key(owner, programme.id)])
    balance = balance_from(owner, programme.id, balance_item)
    sync = _Sync(programme, behaviour, member_id, balance, now, [])
    shown = [
        _day(session, sync, day_from(day, item), count, books)
        for (day, count), item in zip(steps, days, strict=True)
    ]
    if sync.transfers:
        ledger.add(session, sync.transfers, of([balance]), clock.programme_day(now))
    return {
        "programme_id": programme.id,
        "days": shown,
        "credits_mg": sum(day["credits_mg"] for day in shown),
        "points": sum(day["points"] for day in shown),
    }


def _day(session: Session, sync: _Sync, day: Day, steps: int, books: Books) -> dict[str, Any]:
    """One day's share of the sync: what it adds to the session, and what the answer says of it."""
    shown: dict[str, Any] = {"date": day.day.isoformat(), "steps": steps, "credits_mg": 0, "points": 0}
    before = day.walking()
    if before and before.programme_id != sync.programme.id:
        return {**shown, "reason_code": CLAIMED_ELSEWHERE}
    activity_id = activity_id_of(sync.member_id, sync.programme.id, day.day)
    if before:
        shown["activity_id"] = activity_id
    if steps == 0 or (before and steps <= before.quantity):
        return {**shown, "steps": max(steps, before.quantity if before else 0)}
    if steps > sync.behaviour.bounds[sync.behaviour.measure][1]:
        return {**shown, "reason_code": IMPLAUSIBLE}
    quantified = methodologies.quantify(sync.programme, sync.behaviour, {"steps": steps}, day.day)
    wanted = Entry(
        activity_id, sync.programme.id, BEHAVIOUR, NO_TIME, NO_TIME, quantified.credits_mg, 1, steps
    )
    entry = _fitted(day, wanted, sync.behaviour)
    gained = entry.mg - (before.mg if before else 0)
    transfer_id, points = _credit(sync, activity_id, gained, steps, day.day)
    earlier = _earlier(books, sync.member_id, activity_id) if before else None
    books.activities.put_day(session, sync.member_id, day.with_entry(entry))
    activity = Activity(
        id=activity_id,
        member_id=sync.member_id,
        programme_id=sync.programme.id,
        behaviour=BEHAVIOUR,
        status=CREDITED,
        occurred_at=clock.day_start(day.day),
        recorded_at=sync.now,
        quantity={"steps": steps},
        credits_mg=entry.mg,
        points=points + (earlier.points if earlier else 0),
        record=quantified.record(),
        entry_id=transfer_id or (earlier.entry_id if earlier else ""),
    )
    books.activities.put_activity(session, activity)
    shown |= {"credits_mg": gained, "points": points, "activity_id": activity_id}
    return {**shown, "reason_code": CAP_REACHED} if entry.mg < quantified.credits_mg else shown


def _fitted(day: Day, wanted: Entry, behaviour: Behaviour) -> Entry:
    """The walk within its caps, counted anew: what it had before does not count against it."""
    return fit(day.without(wanted.activity_id), wanted, behaviour.caps)


def _earlier(books: Books, member_id: str, activity_id: str) -> Activity | None:
    item = books.activities.dynamodb.get(*books.activities.activity_key(member_id, activity_id))
    return activity_from(item) if item else None


def _credit(sync: _Sync, activity_id: str, gained: int, steps: int, day: date) -> tuple[str, int]:
    """Add the transfer of a day's increase; its id and the points it brings (none when nothing was gained)."""
    if gained <= 0:
        return "", 0
    transfer_id = ids.derived_id(sync.now, activity_id, str(steps))
    balance = replace(sync.balance, amounts=_after(sync))
    transfer, points = credit.crediting(
        sync.programme, sync.member_id, gained, day, balance, transfer_id, activity_id, sync.now
    )
    sync.transfers.append(transfer)
    return transfer_id, points


def _after(sync: _Sync) -> dict[str, int]:
    """The member's credits after the transfers worked out so far: leftovers under a point add up over the days."""
    amounts = dict(sync.balance.amounts)
    owner = member(sync.member_id)
    for transfer in sync.transfers:
        for leg in transfer.legs:
            if leg.account == owner and leg.asset.startswith("CO2E:"):
                name = f"credits_{leg.asset.rpartition(':')[2]}"
                amounts[name] = amounts.get(name, 0) + leg.amount
    return amounts
