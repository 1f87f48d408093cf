"""What an accepted appeal gives back: a compensating transfer, once. What was refused is credited as it would have been; what was taken
back comes back.

An act that was refused left its day, and its member may have used the day otherwise since: it has to fit in again, under the caps of the
programme's version by which it was recorded. It gives at most what its hold promised.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from puhui.activities.acts import credit, timing
from puhui.activities.acts.days import Day, Entry, entry_of, fit, fit_declared, fit_walk, reported_before
from puhui.activities.acts.identity import period_rule
from puhui.activities.acts.model import CREDITED, REVERSED, Activity
from puhui.activities.errors import AppealDoesNotFit
from puhui.activities.households.limits import shared_with
from puhui.activities.tables import Tables
from puhui.kernel import clock
from puhui.kernel.errors import Conflict, DomainError, Invalid
from puhui.ledger.api import (
    Balance,
    Hold,
    Transfer,
    balance_from,
    member,
    of,
)
from puhui.programmes import api as programmes
from puhui.programmes.api import Programme
from puhui.store.session import Session

KIND = credit.APPEAL


def promised(activity: Activity, held: Hold | None) -> int:
    """What the act would give, in mg: what was taken back of it; or what its hold promised while it was verified; or, where it was refused at
    once and had none, what its formula makes."""
    if activity.status == REVERSED:
        return int(activity.reversal["from_mg"])
    if held is None:
        return int(activity.record["reduction_mg"])
    return sum(leg.amount for leg in held.legs if leg.account == held.account and leg.amount > 0)


def add_credit(
    session: Session, activity: Activity, mg: int, transfer_id: str, *, tables: Tables, now: datetime
) -> Activity:
    """Credit an act whose appeal is accepted; as it is from now on. The caller writes it. Raises AppealDoesNotFit."""
    programme, owner = credit.programme_of(activity), member(activity.member_id)
    item = tables.ledger.dynamodb.get(*tables.ledger.balance_key(owner, programme.id))
    balance = balance_from(owner, programme.id, item)
    if activity.status == REVERSED:
        transfer = credit.giving_back(activity, programme, transfer_id, now)
        points = int(activity.reversal["points"])
    else:
        activity = _fitted(session, replace(activity, credits_mg=mg), programme, tables)
        transfer, points = _credited(activity, programme, balance, transfer_id, now)
        mg = activity.credits_mg
    tables.ledger.add(session, [transfer], of([balance]), clock.programme_day(now))
    return replace(
        activity,
        status=CREDITED,
        credits_mg=mg,
        points=points,
        entry_id=transfer.id,
        reason_code="",
        note="",
    )


def _credited(
    activity: Activity, programme: Programme, balance: Balance, transfer_id: str, now: datetime
) -> tuple[Transfer, int]:
    transfer, points = credit.crediting(
        programme,
        activity.member_id,
        activity.credits_mg,
        activity.day,
        balance,
        transfer_id,
        activity.id,
        now,
        points_only=activity.points_only,
    )
    return replace(transfer, kind=KIND), points


def _fitted(session: Session, activity: Activity, programme: Programme, tables: Tables) -> Activity:
    """The act, as much of it as its day still takes, with its day, its home's and the days it reports added to the session."""
    behaviour = programmes.behaviour(programme, activity.behaviour)
    rule = period_rule(behaviour.id)
    times = timing.ReportedTimes(
        activity.occurred_at, activity.ended_at, activity.recorded_at, programme.claim.window_days
    )
    period = timing.period_of(times, rule, activity.quantity) if rule else None
    wanted = entry_of(activity, behaviour)
    days = tables.activities.days.find_all(activity.member_id, wanted.days())
    households = tables.activities.households
    residences = households.residences_of(activity.member_id)
    try:
        entry = fit_walk(days[0], fit(days[0], wanted, behaviour.caps, days[1:]))
        entry = fit_declared(days[0], entry, programme.self_declared_per_day_mg)
        shared = shared_with(activity, behaviour, period, residences, households)
        entry = shared.fit(entry, behaviour.caps)
    except (Conflict, Invalid) as reason:
        raise AppealDoesNotFit(**_why(reason)) from None
    if entry.mg == 0 or reported_before(wanted, days):
        raise AppealDoesNotFit(zh_reason="同一行为已再次申报", en_reason="the same act was recorded again")
    _put_days(session, entry, days, tables)
    shared.add(session, entry, households)
    return replace(activity, credits_mg=entry.mg, household=shared.household)


def _put_days(session: Session, entry: Entry, days: Sequence[Day], tables: Tables) -> None:
    today, *following = days
    tables.activities.days.put(session, today.with_entry(entry))
    for each in following:
        tables.activities.days.put(session, each.carrying(entry))


def _why(reason: DomainError) -> dict[str, str]:
    return {"zh_reason": reason.text("zh-CN").rstrip("。"), "en_reason": reason.text("en").rstrip(".")}
