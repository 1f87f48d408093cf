"""GET /programmes/{programme_id}/behaviours: what a programme counts."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import published
from puhui.methodologies.api import labelled
from puhui.programmes import usecases
from puhui.store import wiring
from puhui.store.cursors import page_at_hand

app = HttpFunction("list-behaviours")
published.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_behaviours", "GET", "/programmes/{programme_id}/behaviours")
def list_behaviours(request: Request) -> Answer:
    programme_id = request.path["programme_id"]
    listed = usecases.list_behaviours(programme_id)["items"]
    scope = f"behaviours:{programme_id}"
    return page_at_hand(listed, lambda each: str(each["id"]), scope, request.query, CURSORS).body(labelled)
