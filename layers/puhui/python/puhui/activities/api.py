"""What other contexts and the platform's push may call."""

from puhui.activities.credit import crediting, programme_of
from puhui.activities.dynamo import Activities, activity_from, decision_in
from puhui.activities.errors import CorrectionStands
from puhui.activities.model import CREDITED, MATURING, PENDING, Activity, Decision
from puhui.activities.past import acts_since
from puhui.activities.verification import content_verdict

__all__ = [
    "CREDITED",
    "MATURING",
    "PENDING",
    "Activities",
    "Activity",
    "CorrectionStands",
    "Decision",
    "activity_from",
    "acts_since",
    "content_verdict",
    "crediting",
    "decision_in",
    "programme_of",
]
