"""GET /programmes/{programme_id}/behaviours: what a programme counts."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import published
from puhui.methodologies.api import labelled
from puhui.programmes import usecases

app = HttpFunction("list-behaviours")
published.from_environment()


@app.operation("list_behaviours", "GET", "/programmes/{programme_id}/behaviours")
def list_behaviours(request: Request) -> Answer:
    listed = usecases.list_behaviours(request.path["programme_id"])
    return {**listed, "items": [labelled(each) for each in listed["items"]]}
