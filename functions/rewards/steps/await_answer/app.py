"""Redemption: let the partner's later answer find this task; one that is there already is its answer."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards.redemptions import outbox, saga
from puhui.rewards.wiring import dependencies

DEPENDENCIES = dependencies()


@task("await_answer")
def app(event: Input, _now: datetime) -> Input:
    token = event["task_token"]
    step = saga.wait(event["member_id"], event["redemption_id"], token, deps=DEPENDENCIES)
    if step is not None:
        outbox.answer_task(token, step)
    return {}
