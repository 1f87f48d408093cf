"""An approved settlement: whether all that could be is posted."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.settlement import usecases
from puhui.settlement.dynamo import Settlements

SETTLEMENTS = Settlements.from_environment()


@task("close_posting")
def app(event: Input, _now: datetime) -> Input:
    closed = usecases.close_posting(event["id"], settlements=SETTLEMENTS)
    return {"status": closed.status, "held": closed.held}
