"""GET /programmes/{programme_id}/gates: which gates are open, and which may be."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import usecases

app = HttpFunction("list-gates")


@app.operation("list_gates", "GET", "/programmes/{programme_id}/gates")
def list_gates(request: Request) -> Answer:
    return usecases.list_gates(request.path["programme_id"])
