"""GET /methodologies/drafts: what waits for a review or for publication."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import procedure
from puhui.methodologies.repository import Methodologies
from puhui.store import wiring

app = HttpFunction("list-methodology-drafts")
TABLE = Methodologies.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_methodology_drafts", "GET", "/methodologies/drafts")
def list_methodology_drafts(request: Request) -> Answer:
    query = request.query
    page = procedure.list_drafts(query["limit"], query.get("cursor"), table=TABLE, cursors=CURSORS())
    return page.body(procedure.draft_body, status=query.get("status"))
