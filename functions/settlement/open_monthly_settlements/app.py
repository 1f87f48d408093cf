"""On the first of the month in China: every programme's settlement of what was verified before it."""

import os
from datetime import datetime

from puhui.edge.task import Input, task
from puhui.programmes.api import all_programmes
from puhui.settlement import usecases
from puhui.settlement.dynamo import Settlements
from puhui.store import states

SETTLEMENTS = Settlements.from_environment()
STATE_MACHINE = os.environ["SETTLEMENT_STATE_MACHINE"]
LAG_SECONDS = int(os.environ["SETTLEMENT_LAG_SECONDS"])


@task("open_monthly_settlements")
def app(_event: Input, now: datetime) -> Input:
    opened = [
        usecases.open_month(each.id, now, lag_seconds=LAG_SECONDS, settlements=SETTLEMENTS)
        for each in all_programmes()
    ]
    for each in opened:
        states.start_again(STATE_MACHINE, each.id, {"id": each.id, "shards": usecases.shards_of(each.id)})
    return {"settlements": len(opened)}
