"""GET /programmes/{programme_id}/proposals: what was proposed of a programme's gates and its end."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import api, procedure
from puhui.programmes.repository import Programmes
from puhui.store import wiring
from puhui.store.cursors import page_at_hand

app = HttpFunction("list-proposals")
TABLE = Programmes.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_proposals", "GET", "/programmes/{programme_id}/proposals")
def list_proposals(request: Request) -> Answer:
    api.require_scope(request.path["programme_id"], request.scope)
    programme = api.programme(request.path["programme_id"])
    scope = f"proposals:{programme.id}"
    page = page_at_hand(
        TABLE.proposals(programme.id), lambda each: each.subject, scope, request.query, CURSORS
    )
    return page.body(procedure.proposal_body, status=request.query.get("status"))
