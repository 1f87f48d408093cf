"""GET /methodologies: the latest version of each methodology."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import published, usecases
from puhui.store import wiring
from puhui.store.cursors import page_at_hand

app = HttpFunction("list-methodologies")
CURSORS = cache(wiring.cursors)


@app.operation("list_methodologies", "GET", "/methodologies")
def list_methodologies(request: Request) -> Answer:
    listed = usecases.list_methodologies(published.table())["items"]
    return page_at_hand(listed, lambda each: str(each["id"]), "methodologies", request.query, CURSORS).body(
        dict
    )
