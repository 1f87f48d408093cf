"""A step of the posting workflow: post the statements of one shard's merchants."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ledger.api import Ledger
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements import posting

REPOSITORIES, LEDGER = Repositories.from_environment(), Ledger.from_environment()


@task("post_statements")
def app(event: Input, now: datetime) -> Input:
    posted = posting.post_shard(
        event["id"], event["shard"], repositories=REPOSITORIES, ledger=LEDGER, now=now
    )
    return {"posted": posted}
