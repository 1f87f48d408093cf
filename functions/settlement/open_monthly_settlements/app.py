"""On the first of the month in China: open every programme's settlement."""

import os
from datetime import datetime

from puhui.edge.task import Input, task
from puhui.programmes.api import all_programmes
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements import opening, workflow

REPOSITORIES = Repositories.from_environment()
STATE_MACHINE = os.environ["SETTLEMENT_STATE_MACHINE"]
LAG_SECONDS = int(os.environ["SETTLEMENT_LAG_SECONDS"])


@task("open_monthly_settlements")
def app(_event: Input, now: datetime) -> Input:
    opened = [
        opening.open_month(each.id, now, lag_seconds=LAG_SECONDS, repositories=REPOSITORIES)
        for each in all_programmes()
    ]
    for each in opened:
        workflow.start_computing(STATE_MACHINE, each)
    return {"settlements": len(opened)}
