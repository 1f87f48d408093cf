"""GET /programmes: all programmes."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import usecases
from puhui.store import wiring
from puhui.store.cursors import page_at_hand

app = HttpFunction("list-programmes")
CURSORS = cache(wiring.cursors)


@app.operation("list_programmes", "GET", "/programmes")
def list_programmes(request: Request) -> Answer:
    listed = usecases.list_programmes()["items"]
    return page_at_hand(listed, lambda each: str(each["id"]), "programmes", request.query, CURSORS).body(dict)
