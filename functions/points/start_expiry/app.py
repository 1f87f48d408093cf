"""Shortly after midnight in China: start the day's run over all members, when anything can be due. For the operator too:
``{"run": "<word>"}`` starts a further run of the day, whatever day it is; the same again starts one
that stopped. In the local stage, and nowhere else, with
``{"day": "2026-11-29"}`` as if that day had come."""

import os
from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ledger.api import AUDIT_SHARDS
from puhui.points import expiry
from puhui.points.dynamo import Points
from puhui.store import states

POINTS = Points.from_environment()
STATE_MACHINE, STAGE = os.environ["EXPIRY_STATE_MACHINE"], os.environ["STAGE"]


@task("start_expiry")
def app(event: Input, now: datetime) -> Input:
    again = str(event.get("run", ""))
    day = expiry.day_asked(str(event.get("day", "")), STAGE, now)
    job = expiry.start(day, again, asked=bool(again), points=POINTS)
    if job is None:
        return {"started": False}
    states.start_again(STATE_MACHINE, job.id, states.shards(job.id, AUDIT_SHARDS))
    return {"started": True, "id": job.id}
