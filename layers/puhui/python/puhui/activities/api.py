"""What other contexts and the platform's push may call."""

from puhui.activities.dynamo import Activities, decision_in
from puhui.activities.model import Decision
from puhui.activities.verification import content_verdict

__all__ = ["Activities", "Decision", "content_verdict", "decision_in"]
