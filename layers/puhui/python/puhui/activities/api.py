"""What other contexts and the platform's push may call."""

from puhui.activities.dynamo import Activities
from puhui.activities.verification import content_verdict

__all__ = ["Activities", "content_verdict"]
