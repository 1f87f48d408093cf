"""What recording makes of an act's risk: credited as it is, held for some days, handed to a person, or refused. Pure."""

from dataclasses import replace
from datetime import datetime

from puhui.activities.acts.days import Day, Entry
from puhui.activities.acts.model import HELD, REFUSED, VERIFYING, Activity
from puhui.activities.risk.engine import CREDIT, HOLD, REFUSE, assess
from puhui.activities.risk.features import of_act
from puhui.kernel.grades import SELF_DECLARED


def judged(
    activity: Activity, entry: Entry, today: Day, device_others: int, hold_days: int, now: datetime
) -> Activity:
    """The act with the rules that fired, and the status in which it begins. An act with photos is verified in any case, and
    assessed again with what they show. Of mere word there is nothing for a person to see: it is held at most."""
    features = of_act(activity, entry, today)
    found = assess(replace(features, numbers={**features.numbers, "device_others": device_others}))
    activity = replace(activity, rules=found.rules, shadows=found.shadows)
    if activity.status == VERIFYING:
        return activity
    if found.band == CREDIT:
        return replace(activity, address="")
    if found.band == REFUSE:
        refused = _waiting(activity, REFUSED)
        return replace(refused, credits_mg=0, reason_code=found.reason_code, address="")
    if found.band == HOLD or activity.grade == SELF_DECLARED:
        return _waiting(activity, HELD).held(hold_days, now)
    return _waiting(activity, VERIFYING)


def _waiting(activity: Activity, status: str) -> Activity:
    return replace(activity, status=status, first_status=status, matured_at=None, collect_by=None)
