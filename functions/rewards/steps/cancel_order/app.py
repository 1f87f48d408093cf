"""Redemption: cancel the order at the partner's."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards.redemptions import saga
from puhui.rewards.wiring import dependencies

DEPENDENCIES = dependencies()


@task("cancel_order")
def app(event: Input, now: datetime) -> Input:
    return {
        "answer": saga.cancel_order(event["member_id"], event["redemption_id"], deps=DEPENDENCIES, now=now)
    }
