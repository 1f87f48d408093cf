"""A trial: the shards' parts put together, or that it stopped on an error."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.laboratory import usecases
from puhui.laboratory.repository import Laboratory

LABORATORY = Laboratory.from_environment()


@task("close_trial")
def app(event: Input, _now: datetime) -> Input:
    if event.get("stopped"):
        LABORATORY.trials.stop(event["id"])
        return {"stopped": True}
    trial = usecases.close_trial(event["id"], trials=LABORATORY.trials)
    return {"status": trial.status}
