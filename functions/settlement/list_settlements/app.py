"""GET /settlements: a programme's settlements."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements import views
from puhui.store import wiring

app = HttpFunction("list-settlements")
REPOSITORIES = Repositories.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_settlements", "GET", "/settlements")
def list_settlements(request: Request) -> Answer:
    query = request.query
    page = views.list_settlements(
        query["programme_id"],
        query["limit"],
        query.get("cursor"),
        repositories=REPOSITORIES,
        cursors=CURSORS(),
    )
    return page.body(views.settlement_body, status=query.get("status"))
