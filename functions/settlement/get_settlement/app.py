"""GET /settlements/{settlement_id}: a settlement, and what it owes each merchant."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements import views
from puhui.store import wiring

app = HttpFunction("get-settlement")
REPOSITORIES = Repositories.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("get_settlement", "GET", "/settlements/{settlement_id}")
def get_settlement(request: Request) -> Answer:
    return views.get_settlement(
        request.path["settlement_id"],
        request.query["limit"],
        request.query.get("cursor"),
        repositories=REPOSITORIES,
        cursors=CURSORS(),
    )
