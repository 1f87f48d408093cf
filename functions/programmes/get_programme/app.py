"""GET /programmes/{programme_id}: one programme."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import usecases

app = HttpFunction("get-programme")


@app.operation("get_programme", "GET", "/programmes/{programme_id}")
def get_programme(request: Request) -> Answer:
    return usecases.get_programme(request.path["programme_id"])
