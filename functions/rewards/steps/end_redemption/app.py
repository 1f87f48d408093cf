"""Redemption: the good promised, or the points back."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards import saga
from puhui.rewards.wiring import desk

DESK = desk()


@task("end_redemption")
def app(event: Input, now: datetime) -> Input:
    return {"status": saga.end(event["member_id"], event["redemption_id"], desk=DESK, now=now).status}
