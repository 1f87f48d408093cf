"""GET /programmes/{programme_id}/behaviours: what a programme counts."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import usecases

app = HttpFunction("list-behaviours")


@app.operation("list_behaviours", "GET", "/programmes/{programme_id}/behaviours")
def list_behaviours(request: Request) -> Answer:
    return usecases.list_behaviours(request.path["programme_id"])
