"""GET /rewards: what a programme's points buy."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import catalogue
from puhui.rewards.model import Reward
from puhui.store import wiring

app = HttpFunction("list-rewards")
CURSORS = cache(wiring.cursors)


@app.operation("list_rewards", "GET", "/rewards")
def list_rewards(request: Request) -> Answer:
    programme_id = request.query["programme_id"]
    scope = f"rewards:{programme_id}"
    page = catalogue.rewards(
        programme_id, request.query["limit"], CURSORS().read(scope, request.query.get("cursor"))
    )
    cursor = CURSORS().write(scope, {"owner": page.cursor} if page.cursor else None)
    return page._replace(cursor=cursor).body(Reward.shown)
