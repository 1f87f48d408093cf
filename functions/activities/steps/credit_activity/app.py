"""Verification: credit the act, once, or hold it for some days first."""

from datetime import datetime

from puhui.activities import verification
from puhui.activities.tables import Tables
from puhui.edge.task import Input, task

TABLES = Tables.from_environment()


@task("credit_activity")
def app(event: Input, now: datetime) -> Input:
    hold = event.get("outcome") == "hold"  # what a person approved is not held
    activity = verification.credit_activity(
        event["member_id"], event["activity_id"], hold=hold, tables=TABLES, now=now
    )
    return {"status": activity.status}
