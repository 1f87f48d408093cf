"""A settlement: the shards put together, or that it stopped on an error."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards.api import Rewards
from puhui.settlement import usecases
from puhui.settlement.dynamo import Settlements

SETTLEMENTS = Settlements.from_environment()
REWARDS = Rewards.from_environment()


@task("close_settlement")
def app(event: Input, now: datetime) -> Input:
    if event.get("stopped"):
        return {"stopped": usecases.stop(event["id"], settlements=SETTLEMENTS).stopped}
    closed = usecases.close(event["id"], settlements=SETTLEMENTS, rewards=REWARDS, now=now)
    return {"status": closed.status, "dues": closed.dues}
