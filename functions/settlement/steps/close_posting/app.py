"""An approved settlement: whether all that could be is posted, or that it stopped on an error."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.settlement import usecases
from puhui.settlement.dynamo import Settlements

SETTLEMENTS = Settlements.from_environment()


@task("close_posting")
def app(event: Input, _now: datetime) -> Input:
    if event.get("stopped"):
        return {"stopped": usecases.stop(event["id"], settlements=SETTLEMENTS).stopped}
    closed = usecases.close_posting(event["id"], settlements=SETTLEMENTS)
    return {"status": closed.status, "held": closed.held}
