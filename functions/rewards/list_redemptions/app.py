"""GET /redemptions: the member's redemptions."""

from functools import cache, partial

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards.redemptions import usecases
from puhui.rewards.redemptions.views import redemption_body
from puhui.rewards.repositories import Rewards
from puhui.store import wiring

app = HttpFunction("list-redemptions")
REWARDS = Rewards.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_redemptions", "GET", "/redemptions")
def list_redemptions(request: Request) -> Answer:
    query = request.query
    page = usecases.list_redemptions(
        request.member_id, query["limit"], query.get("cursor"), rewards=REWARDS, cursors=CURSORS()
    )
    return page.body(
        partial(redemption_body, now=request.now),
        programme_id=query.get("programme_id"),
        status=query.get("status"),
    )
