"""Verification: nobody decided in time, or somebody did at the last moment."""

from datetime import datetime

from puhui.activities import verification
from puhui.activities.tables import Activities
from puhui.edge.task import Input, task

ACTIVITIES = Activities.from_environment()


@task("close_review")
def app(event: Input, now: datetime) -> Input:
    return verification.close_review(event["member_id"], event["activity_id"], activities=ACTIVITIES, now=now)
