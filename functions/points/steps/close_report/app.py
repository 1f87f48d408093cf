"""Report: the shards put together with the rewards as they stand, or that it stopped on an error."""

from datetime import datetime

from puhui.edge import log
from puhui.edge.task import Input, task
from puhui.ledger.api import Ledger
from puhui.points import reconciliation
from puhui.points.dynamo import Points
from puhui.rewards.api import Rewards

DEPS = reconciliation.Dependencies(
    Points.from_environment(), Ledger.from_environment(), Rewards.from_environment()
)


@task("close_report")
def app(event: Input, _now: datetime) -> Input:
    if event.get("stopped"):
        DEPS.points.stop_report(event["id"])
        return {"stopped": True}
    result = reconciliation.close(event["id"], deps=DEPS).result or {}
    if count := result["differences_in_all"]:
        log.line(level="ERROR", task="close_report", outcome="DIFFERENCES", differences=count)
    return {"id": event["id"], "reconciles": result["reconciles"]}
