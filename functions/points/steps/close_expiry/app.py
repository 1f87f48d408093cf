"""Expiry: put the shards' counts together."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.points.dynamo import Points

POINTS = Points.from_environment()


@task("close_expiry")
def app(event: Input, _now: datetime) -> Input:
    return {"id": event["id"], **POINTS.close_job(event["id"])}
