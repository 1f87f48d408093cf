"""A correction: the shards put together, or that it stopped on an error."""

from datetime import datetime
from typing import Any

from puhui.edge.task import Input, task
from puhui.laboratory.repository import Laboratory

LABORATORY = Laboratory.from_environment()


@task("close_correction")
def app(event: Input, _now: datetime) -> Input:
    if event.get("stopped"):
        LABORATORY.corrections.stop(event["id"])
        return {"stopped": True}
    report: dict[str, Any] = {**LABORATORY.corrections.sum_up(event["id"])}
    return report
