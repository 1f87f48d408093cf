"""A trial: one shard's members."""

from datetime import datetime

from puhui.activities.api import Activities
from puhui.edge.task import Input, task
from puhui.laboratory import usecases
from puhui.laboratory.repository import Laboratory
from puhui.ledger.api import Ledger
from puhui.methodologies import published

LABORATORY, ACTIVITIES, LEDGER = (
    Laboratory.from_environment(),
    Activities.from_environment(),
    Ledger.from_environment(),
)

published.from_environment()


@task("try_shard")
def app(event: Input, _now: datetime) -> Input:
    found = usecases.try_shard(
        event["id"], event["shard"], trials=LABORATORY.trials, activities=ACTIVITIES, ledger=LEDGER
    )
    return {"acts": found.acts}
