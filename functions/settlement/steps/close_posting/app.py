"""The last step of the posting workflow: end the round, or record that it failed."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements import posting
from puhui.settlement.settlements.computing import stop

REPOSITORIES = Repositories.from_environment()


@task("close_posting")
def app(event: Input, _now: datetime) -> Input:
    if event.get("stopped"):
        return {"stopped": stop(event["id"], repositories=REPOSITORIES).stopped}
    closed = posting.close_posting(event["id"], repositories=REPOSITORIES)
    return {"status": closed.status, "held": closed.held}
