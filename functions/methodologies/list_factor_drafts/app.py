"""GET /factors/drafts: what waits for a review or for publication."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import procedure
from puhui.methodologies.repository import Factors
from puhui.store import wiring

app = HttpFunction("list-factor-drafts")
TABLE = Factors.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_factor_drafts", "GET", "/factors/drafts")
def list_factor_drafts(request: Request) -> Answer:
    query = request.query
    page = procedure.list_drafts(query["limit"], query.get("cursor"), table=TABLE, cursors=CURSORS())
    return page.body(procedure.factor_draft_body, status=query.get("status"))
