"""A step of the settlement workflow: claim the payables of one shard's merchants."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.merchants.api import Merchants
from puhui.rewards.api import Rewards
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements.computing import Dependencies, claim_shard

DEPS = Dependencies(Repositories.from_environment(), Rewards.from_environment(), Merchants.from_environment())


@task("claim_payables")
def app(event: Input, _now: datetime) -> Input:
    return {"dues": claim_shard(event["id"], event["shard"], deps=DEPS)}
