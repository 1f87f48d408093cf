"""Expiry: the shards' counts put together, or that it stopped on an error."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.points.dynamo import Points

POINTS = Points.from_environment()


@task("close_expiry")
def app(event: Input, _now: datetime) -> Input:
    if event.get("stopped"):
        POINTS.stop_job(event["id"])
        return {"stopped": True}
    return {"id": event["id"], **POINTS.close_job(event["id"])}
