"""Report: one shard's accounts, redemptions and coupons, read from both sides and added up."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ledger.api import Ledger
from puhui.points import reconciliation
from puhui.points.dynamo import Points
from puhui.rewards.api import Rewards

DEPS = reconciliation.Dependencies(
    Points.from_environment(), Ledger.from_environment(), Rewards.from_environment()
)


@task("read_report_shard")
def app(event: Input, _now: datetime) -> Input:
    tally = reconciliation.read_shard(event["id"], event["shard"], deps=DEPS)
    return {"shard": event["shard"], "differences": tally.sums["differences"]}
