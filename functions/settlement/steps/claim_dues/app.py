"""A settlement: what is due to one shard's merchants."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.merchants.api import Merchants
from puhui.rewards.api import Rewards
from puhui.settlement import usecases
from puhui.settlement.dynamo import Settlements
from puhui.settlement.usecases import Books

BOOKS = Books(Settlements.from_environment(), Rewards.from_environment(), Merchants.from_environment())


@task("claim_dues")
def app(event: Input, _now: datetime) -> Input:
    return {"dues": usecases.claim_shard(event["id"], event["shard"], books=BOOKS)}
