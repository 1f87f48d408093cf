"""GET /me/transfers: my statement."""

from functools import cache

from puhui.activities.api import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.points.statement import statement
from puhui.rewards.api import Rewards
from puhui.store import wiring

app = HttpFunction("list-transfers")
LEDGER, ACTIVITIES, REWARDS = (
    Ledger.from_environment(),
    Activities.from_environment(),
    Rewards.from_environment(),
)
CURSORS = cache(wiring.cursors)


@app.operation("list_transfers", "GET", "/me/transfers")
def list_transfers(request: Request) -> Answer:
    return statement(
        request.member_id,
        request.query.get("programme_id"),
        request.query["limit"],
        request.query.get("cursor"),
        ledger=LEDGER,
        activities=ACTIVITIES,
        rewards=REWARDS,
        cursors=CURSORS(),
    )
