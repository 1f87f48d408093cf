"""Redemption: call the order off at the partner's."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards import saga
from puhui.rewards.wiring import desk

DESK = desk()


@task("call_off_order")
def app(event: Input, now: datetime) -> Input:
    return {"answer": saga.call_off(event["member_id"], event["redemption_id"], desk=DESK, now=now)}
