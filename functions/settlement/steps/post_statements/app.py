"""An approved settlement: the statements of one shard's merchants."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ledger.api import Ledger
from puhui.settlement import usecases
from puhui.settlement.dynamo import Settlements

SETTLEMENTS, LEDGER = Settlements.from_environment(), Ledger.from_environment()


@task("post_statements")
def app(event: Input, now: datetime) -> Input:
    posted = usecases.post_shard(event["id"], event["shard"], settlements=SETTLEMENTS, ledger=LEDGER, now=now)
    return {"posted": posted}
