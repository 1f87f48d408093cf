"""Invoked by an operator: offer a reward or change one. Input: see ``terms_from``."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ledger.api import Ledger
from puhui.rewards import offers
from puhui.rewards.dynamo import Rewards
from puhui.rewards.terms import terms_from

REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()


@task("put_reward")
def app(event: Input, now: datetime) -> Input:
    reward = offers.put_reward(terms_from(event), rewards=REWARDS, ledger=LEDGER, now=now)
    return {"id": reward.id, "stock": reward.stock, "shards": reward.shards, "version": reward.version}
