"""What recording makes of an act's risk: credited as it is, held for some days, handed to a person, or refused. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from puhui.activities.acts.days import Day, Entry
from puhui.activities.acts.model import HELD, REFUSED, VERIFYING, Activity
from puhui.activities.risk.engine import CREDIT, HOLD, REFUSE, assess
from puhui.activities.risk.features import of_act
from puhui.kernel.grades import SELF_DECLARED


def judged(
    activity: Activity, entry: Entry, today: Day, more: Mapping[str, int], hold_days: int, now: datetime
) -> Activity:
    """The act with the rules that fired, and the status in which it begins. An act with photos is verified in any case, and
    assessed again with what they show. Of mere word there is nothing for a person to see: it is held at most."""
    features = of_act(activity, entry, today)
    found = assess(replace(features, numbers={**features.numbers, **more}))
    activity = replace(activity, rules=found.rules, shadows=found.shadows)
    if activity.evidence_ids or found.band == CREDIT:
        return activity
    if found.band == REFUSE:
        refused = replace(_waiting(activity, REFUSED), credits_mg=0, reason_code=found.reason_code)
        return replace(refused, address="")
    if found.band == HOLD or activity.grade == SELF_DECLARED:
        return _waiting(activity, HELD).held(hold_days, now)
    return _waiting(activity, VERIFYING)


def _waiting(activity: Activity, status: str) -> Activity:
    return replace(activity, status=status, first_status=status, matured_at=None, collect_by=None)
