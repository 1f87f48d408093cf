"""Redemption: the good promised, or the points back."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards.redemptions import saga
from puhui.rewards.wiring import dependencies

DEPENDENCIES = dependencies()


@task("end_redemption")
def app(event: Input, now: datetime) -> Input:
    return {"status": saga.end(event["member_id"], event["redemption_id"], deps=DEPENDENCIES, now=now).status}
