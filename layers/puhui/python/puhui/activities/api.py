"""What other contexts and the platform's push may call."""

from puhui.activities.acts.credit import crediting, programme_of
from puhui.activities.acts.decisions import decision_in
from puhui.activities.acts.history import acts_since
from puhui.activities.acts.model import CREDITED, MATURING, PENDING, Activity, Decision
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.errors import AlreadyCorrected
from puhui.activities.evidence.usecases import content_verdict
from puhui.activities.tables import Activities

__all__ = [
    "ACTIVITY",
    "CREDITED",
    "MATURING",
    "PENDING",
    "Activities",
    "Activity",
    "AlreadyCorrected",
    "Decision",
    "acts_since",
    "content_verdict",
    "crediting",
    "decision_in",
    "programme_of",
]
