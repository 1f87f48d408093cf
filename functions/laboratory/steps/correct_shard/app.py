"""A correction: one shard's members."""

from datetime import datetime

from puhui.activities.api import Activities
from puhui.edge.task import Input, task
from puhui.laboratory import corrections
from puhui.laboratory.corrections import Tables
from puhui.laboratory.repository import Laboratory
from puhui.ledger.api import Ledger
from puhui.methodologies import published

LABORATORY = Laboratory.from_environment()
TABLES = Tables(Activities.from_environment(), Ledger.from_environment(), LABORATORY)

published.from_environment()


@task("correct_shard")
def app(event: Input, now: datetime) -> Input:
    correction = LABORATORY.corrections.find(event["id"])
    return {"acts": corrections.correct_shard(correction, event["shard"], tables=TABLES, now=now)}
