"""Acts that are held for some days before they are settled: the schedule credits them, or hands them to a person.

Meanwhile there is time for what no request waits for: what the platform thinks of the member, and who the member's friends are.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from puhui.activities.acts.model import HELD, VERIFYING, Activity
from puhui.activities.errors import ActivityNotFound, ActivityOpen
from puhui.activities.risk.engine import REFUSE, REVIEW, Features, assess
from puhui.activities.settling.endings import add_credit
from puhui.activities.tables import Tables
from puhui.ledger.api import HoldResolved
from puhui.store.session import Session, attempt


class PlatformSilent(Exception):
    """The platform does not answer now: ask again later."""


RACES = (ActivityOpen, HoldResolved)  # somebody else ended it in between: the act is as they left it


def settle(
    member_id: str, activity_id: str, found: Mapping[str, int], *, tables: Tables, now: datetime
) -> Activity:
    """Settle a held act whose time has come: it is credited or, where the programme lets acts be collected, matures; by what was
    ``found`` out meanwhile, and where an officer proposed to void it, a person decides instead. Once; asked again, the act as it is."""

    def build(session: Session) -> Activity:
        activity = _find(member_id, activity_id, tables)
        if activity.status != HELD or activity.settles_at is None or activity.settles_at > now:
            return activity
        known = (*activity.rules, *activity.shadows)
        assessed = assess(Features(frozenset(), found, activity.behaviour, known))
        activity = replace(activity, rules=assessed.rules, shadows=assessed.shadows)
        if activity.voiding or assessed.band in (REVIEW, REFUSE):
            waiting = replace(activity, status=VERIFYING)
            tables.activities.acts.change_status(session, replace(activity, status=HELD), waiting)
            return waiting
        return add_credit(session, activity, tables=tables, now=now)

    try:
        return attempt(tables.ledger.dynamodb, build)
    except RACES:
        return _find(member_id, activity_id, tables)


def _find(member_id: str, activity_id: str, tables: Tables) -> Activity:
    if (activity := tables.activities.acts.find(member_id, activity_id)) is None:
        raise ActivityNotFound
    return activity
