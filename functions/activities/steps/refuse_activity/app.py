"""Verification: refuse the act, or let it expire, with the reason the member reads."""

from datetime import datetime

from puhui.activities import verification
from puhui.activities.tables import Tables
from puhui.edge.task import Input, task

TABLES = Tables.from_environment()


@task("refuse_activity")
def app(event: Input, now: datetime) -> Input:
    activity = verification.refuse_activity(
        event["member_id"], event["activity_id"], event["reason_code"], tables=TABLES, now=now
    )
    return {"status": activity.status}
