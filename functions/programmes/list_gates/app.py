"""GET /programmes/{programme_id}/gates: which gates are open, and which may be."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import usecases
from puhui.store import wiring
from puhui.store.cursors import page_at_hand

app = HttpFunction("list-gates")
CURSORS = cache(wiring.cursors)


@app.operation("list_gates", "GET", "/programmes/{programme_id}/gates")
def list_gates(request: Request) -> Answer:
    programme_id = request.path["programme_id"]
    gates = usecases.list_gates(programme_id)
    page = page_at_hand(
        gates, lambda each: str(each["gate"]), f"gates:{programme_id}", request.query, CURSORS
    )
    return page.body(lambda gate: gate)
