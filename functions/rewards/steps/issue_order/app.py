"""Redemption: order from the partner."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards import saga
from puhui.rewards.wiring import desk

DESK = desk()


@task("issue_order")
def app(event: Input, now: datetime) -> Input:
    return saga.issue(event["member_id"], event["redemption_id"], desk=DESK, now=now)
