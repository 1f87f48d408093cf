"""The two ends of an act whose credits are held, for whoever decides it: the verification, the schedule, an officer.

Each adds to the caller's session what ends the act on the condition that it still waits as it was read, with the ledger's part.
So of any who come at once one is first.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.activities.acts import credit
from puhui.activities.acts.days import Day
from puhui.activities.acts.model import CREDITED, MATURING, REFUSED, Activity
from puhui.activities.households.limits import given_back, reading_back
from puhui.activities.tables import Tables
from puhui.ledger.api import (
    Hold,
    HoldNotFound,
    HoldRanOut,
    add_post,
    add_void,
    balance_from,
    hold_from,
    member,
    of,
)
from puhui.programmes.api import Programme
from puhui.store.session import Session


def add_credit(session: Session, activity: Activity, *, tables: Tables, now: datetime) -> Activity:
    """Credit the act: its hold is posted and turned into points. Where the programme lets acts be collected it matures instead, no
    sooner than now. One read, 4 items. Raises HoldRanOut."""
    programme, owner = credit.programme_of(activity), member(activity.member_id)
    ledger = tables.ledger
    held, balance_item = ledger.dynamodb.get_all(
        [ledger.hold_key(owner, activity.id), ledger.balance_key(owner, programme.id)]
    )
    hold = _hold(held)
    balance = balance_from(owner, programme.id, balance_item)
    if programme.claim.rule == "collect":
        return _mature(session, activity, programme, hold, tables, now)
    legs, points = credit.converting(
        programme,
        activity.member_id,
        activity.credits_mg,
        activity.day,
        balance,
        points_only=activity.points_only,
    )
    transfer = add_post(session, hold, credit.KIND, legs, ledger=ledger, now=now, balances=of([balance]))
    credited = replace(activity, status=CREDITED, points=points, entry_id=transfer.id, address="")
    tables.activities.acts.change_status(session, activity, credited)
    return credited


def _mature(
    session: Session, activity: Activity, programme: Programme, hold: Hold, tables: Tables, now: datetime
) -> Activity:
    if hold.runs_out <= now:
        raise HoldRanOut
    matured_at, collect_by = programme.claim.times(activity.occurred_at, now.replace(microsecond=0))
    maturing = replace(
        activity,
        status=MATURING,
        matured_at=matured_at,
        collect_by=min(collect_by, hold.runs_out),
        address="",
    )
    tables.activities.acts.change_status(session, activity, maturing)
    return maturing


def add_refusal(
    session: Session,
    activity: Activity,
    reason_code: str,
    note: str = "",
    *,
    status: str = REFUSED,
    voiding: Mapping[str, Any] | None = None,
    tables: Tables,
    now: datetime,
) -> Activity:
    """Refuse the act, or let it expire: its hold is voided and its day is free again. ``voiding``: who voided it."""
    activities, ledger = tables.activities, tables.ledger
    day_item, held = ledger.dynamodb.get_all(
        [
            activities.days.key(activity.member_id, activity.day),
            ledger.hold_key(member(activity.member_id), activity.id),
        ]
    )
    day = activities.days.read(activity.member_id, activity.day, day_item)
    refused = replace(
        activity, status=status, credits_mg=0, points=0, reason_code=reason_code, note=note, address=""
    )
    refused = replace(refused, voiding=voiding or activity.voiding)
    activities.acts.change_status(session, activity, refused)
    free_time(session, activity, day, tables)
    add_void(session, _hold(held), ledger=ledger, now=now)
    return refused


def free_time(session: Session, activity: Activity, day: Day, tables: Tables) -> None:
    """Give back what the act took of its ``day``, of the days that it reaches into, of its household's, and of what it reported."""
    activities = tables.activities
    activities.days.put(session, day.without(activity.id))
    if entry := day.find(activity.id):
        for each in activities.days.find_all(activity.member_id, entry.days()[1:]):
            activities.days.put(session, each.without(activity.id))
        if activity.household:
            activities.households.free_day(session, activity.household, activity.day, entry)
    for reported in given_back(activity, activities.households):
        activities.households.put_reported(session, reported)
    if meters := reading_back(activity, activities.households):
        activities.households.put_meters(session, *meters)


def _hold(item: Mapping[str, Any] | None) -> Hold:
    if item is None:
        raise HoldNotFound
    return hold_from(item)
