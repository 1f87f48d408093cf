"""Redemption: order from the partner."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards.redemptions import saga
from puhui.rewards.wiring import dependencies

DEPENDENCIES = dependencies()


@task("issue_order")
def app(event: Input, now: datetime) -> Input:
    return saga.issue(event["member_id"], event["redemption_id"], deps=DEPENDENCIES, now=now)
