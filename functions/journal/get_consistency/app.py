"""GET /journal/consistency: the proof that one digest extends another."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.journal import usecases, wiring

app = HttpFunction("get-consistency")
READER = wiring.reader()


@app.operation("get_consistency", "GET", "/journal/consistency")
def get_consistency(request: Request) -> Answer:
    return usecases.get_consistency(request.query["from"], request.query["to"], READER)
