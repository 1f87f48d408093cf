"""GET /journal/digest: the journal's digest, and who cosigned it."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.journal import usecases, wiring

app = HttpFunction("get-digest")
READER = wiring.reader()


@app.operation("get_digest", "GET", "/journal/digest")
def get_digest(_request: Request) -> Answer:
    return usecases.get_digest(READER)
