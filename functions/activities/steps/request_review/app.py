"""Verification: queue the act for a person, who answers with the task's token."""

from datetime import datetime

from puhui.activities import verification
from puhui.activities.tables import Activities
from puhui.edge.task import Input, task
from puhui.members import api as members

ACTIVITIES = Activities.from_environment()
MEMBERS = members.Members.from_environment()


@task("request_review")
def app(event: Input, now: datetime) -> Input:
    review = verification.request_review(
        event["member_id"],
        event["activity_id"],
        event["score"],
        event["signals"],
        event["task_token"],
        event["wait_seconds"],
        activities=ACTIVITIES,
        now=now,
        org=members.org_of(event["member_id"], members=MEMBERS),
    )
    return {"review_id": review.id}
