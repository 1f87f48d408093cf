"""Invoked by an operator: offer a reward or change one. Input: see ``terms_from``."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards import usecases
from puhui.rewards.dynamo import Rewards
from puhui.rewards.terms import terms_from

REWARDS = Rewards.from_environment()


@task("put_reward")
def app(event: Input, _now: datetime) -> Input:
    reward = usecases.put_reward(terms_from(event), rewards=REWARDS)
    return {"id": reward.id, "stock": reward.stock, "shards": reward.shards, "version": reward.version}
