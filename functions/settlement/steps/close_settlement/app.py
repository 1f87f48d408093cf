"""The last step of the settlement workflow: add up the shards, or record that it failed."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards.api import Rewards
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements import computing

REPOSITORIES = Repositories.from_environment()
REWARDS = Rewards.from_environment()


@task("close_settlement")
def app(event: Input, now: datetime) -> Input:
    if event.get("stopped"):
        return {"stopped": computing.stop(event["id"], repositories=REPOSITORIES).stopped}
    closed = computing.close(event["id"], repositories=REPOSITORIES, rewards=REWARDS, now=now)
    return {"status": closed.status, "dues": closed.payables}
