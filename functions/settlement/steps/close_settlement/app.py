"""A settlement: the shards put together."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards.api import Rewards
from puhui.settlement import usecases
from puhui.settlement.dynamo import Settlements

SETTLEMENTS = Settlements.from_environment()
REWARDS = Rewards.from_environment()


@task("close_settlement")
def app(event: Input, now: datetime) -> Input:
    closed = usecases.close(event["id"], settlements=SETTLEMENTS, rewards=REWARDS, now=now)
    return {"status": closed.status, "dues": closed.dues}
