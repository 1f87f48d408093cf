"""Verification: credit, refuse, or let a person look?"""

from datetime import datetime

from puhui.activities import verification
from puhui.activities.tables import Activities
from puhui.edge.task import Input, task

ACTIVITIES = Activities.from_environment()


@task("assess_risk")
def app(event: Input, _now: datetime) -> Input:
    return verification.assess_risk(
        event["member_id"], event["activity_id"], event["pictures"], activities=ACTIVITIES
    )
