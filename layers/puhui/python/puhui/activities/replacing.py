"""A partner's record takes the place of what the member claimed of the same trip: the claim gives back what it gave, then the record counts.

Two transactions: a record that came no further is sent again by its partner, and finds the way free.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from puhui.activities.acts import credit
from puhui.activities.acts.days import Day, Entry, fit, reported_before
from puhui.activities.acts.identity import window
from puhui.activities.acts.model import (
    CREDITED,
    HELD,
    MATURING,
    REFUSED,
    REVERSED,
    VERIFYING,
    Activity,
)
from puhui.activities.acts.model import REPLACED_BY_RECORD as REPLACED
from puhui.activities.errors import ActivityOpen, ActRepeated, ClaimedByMember
from puhui.activities.settling.endings import add_refusal, free_time
from puhui.activities.tables import Tables
from puhui.kernel import clock, ids
from puhui.kernel.errors import DomainError
from puhui.kernel.grades import SELF_DECLARED
from puhui.ledger.api import HoldResolved, add_void, balance_from, hold_from, member, of
from puhui.programmes.api import Caps
from puhui.store.session import Session, attempt


class ReplacesClaims(DomainError):
    """The record takes the place of these acts of its member. No client ever gets this error."""

    code = REPLACED

    def __init__(self, activity_ids: Sequence[str]) -> None:
        super().__init__()
        self.activity_ids = activity_ids


def require_no_claim(wanted: Entry, days: Sequence[Day], caps: Caps) -> None:
    """Raise ReplacesClaims where the member has claimed what the record tells, and the record fits in their place; what ``fit``
    raises, and ActRepeated, where it does not: then the claims stay."""
    found = [each.activity_id for day in days for each in day.entries if wanted.replaces(each)]
    if not found:
        return
    cleared = list(days)
    for activity_id in found:
        cleared = [day.without(activity_id) for day in cleared]
    fit(cleared[0], wanted, caps, cleared[1:])
    if reported_before(wanted, cleared):
        raise ActRepeated(minutes=window(wanted.behaviour).within)
    raise ReplacesClaims(list(dict.fromkeys(found)))


def withdraw(member_id: str, activity_id: str, *, tables: Tables, now: datetime) -> None:
    """End the member's claim: what is held is voided, what was credited goes back. Raises ClaimedByMember where friends have a part of
    it, or what it gave was spent."""

    def build(session: Session) -> None:
        activity = tables.activities.acts.find(member_id, activity_id)
        if activity is None:
            return
        if activity.status in (VERIFYING, HELD):
            add_refusal(session, activity, REPLACED, tables=tables, now=now)
        elif activity.status == MATURING:
            _void_claim(session, activity, tables, now)
        elif activity.status == CREDITED:
            _take_back(session, activity, tables, now)
        elif (
            activity.reason_code != REPLACED and activity.status != REFUSED
        ):  # it was taken back, or expired: that was decided, and stays
            raise ClaimedByMember(activity_id=activity.id)

    try:
        attempt(tables.ledger.dynamodb, build)
    except (ActivityOpen, HoldResolved):  # its verification ended, or it was collected, in between
        attempt(tables.ledger.dynamodb, build)


def _void_claim(session: Session, activity: Activity, tables: Tables, now: datetime) -> None:
    if activity.shared_mg:
        raise ClaimedByMember(activity_id=activity.id)
    after = replace(activity, status=REFUSED, credits_mg=0, reason_code=REPLACED)
    tables.activities.acts.change_claim(session, activity, after)
    free_time(session, activity, _day(activity, tables), tables)
    (item,) = tables.ledger.dynamodb.get_all(
        [tables.ledger.hold_key(member(activity.member_id), activity.id)]
    )
    if item:
        add_void(session, hold_from(item), ledger=tables.ledger, now=now)


def _take_back(session: Session, activity: Activity, tables: Tables, now: datetime) -> None:
    """Reverse what was credited. The points that mere word gave may have been spent: they are few, and are not taken then."""
    free_time(session, activity, _day(activity, tables), tables)
    after = replace(activity, status=REVERSED, credits_mg=0, points=0, reason_code=REPLACED)
    if activity.credits_mg:
        programme, owner = credit.programme_of(activity), member(activity.member_id)
        (item,) = tables.ledger.dynamodb.get_all([tables.ledger.balance_key(owner, programme.id)])
        balance = balance_from(owner, programme.id, item)
        transfer_id = ids.derived_id(activity.recorded_at, activity.id, REPLACED)
        transfer, taken = credit.reversing(activity, programme, balance, transfer_id, now)
        if activity.shared_mg or (activity.grade != SELF_DECLARED and taken.points < activity.points):
            raise ClaimedByMember(activity_id=activity.id)
        tables.ledger.add(session, [transfer], of([balance]), clock.programme_day(now))
        record = credit.reversal_record(activity, taken, transfer_id, now)
        after = replace(after, entry_id=transfer_id, reversal=record)
    tables.activities.acts.change_ended(session, activity, after)


def _day(activity: Activity, tables: Tables) -> Day:
    (day,) = tables.activities.days.find_all(activity.member_id, [activity.day])
    return day
