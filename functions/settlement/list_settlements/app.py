"""GET /settlements: a programme's settlements."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.settlement import statements
from puhui.settlement.dynamo import Settlements
from puhui.store import wiring

app = HttpFunction("list-settlements")
SETTLEMENTS = Settlements.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_settlements", "GET", "/settlements")
def list_settlements(request: Request) -> Answer:
    query = request.query
    page = statements.list_settlements(
        query["programme_id"],
        query["limit"],
        query.get("cursor"),
        settlements=SETTLEMENTS,
        cursors=CURSORS(),
    )
    return page.body(statements.settlement_shown, status=query.get("status"))
