"""The hold in the ledger of what an act will give. Pure."""

from datetime import datetime, timedelta

from puhui.activities.acts import credit
from puhui.activities.acts.model import Activity
from puhui.ledger.api import Hold, member
from puhui.programmes.api import Programme

HOLD_LONGEST = timedelta(days=90)  # beyond its days: a schedule that stood still takes nothing from anybody


def held_for(activity: Activity, programme: Programme, now: datetime) -> Hold:
    """The hold of what an act will give: until it is verified, settled, collected, or its time is over."""
    runs_out = activity.collect_by or now + timedelta(days=programme.hold_days) + HOLD_LONGEST
    if activity.collect_by is None and programme.claim.rule == "collect":
        _, runs_out = programme.claim.times(activity.occurred_at, runs_out)
    legs = credit.issuing(
        programme, activity.member_id, activity.credits_mg, activity.day, points_only=activity.points_only
    )
    return Hold(activity.id, member(activity.member_id), legs, runs_out, activity.id)
