"""GET /programmes: all programmes."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import usecases

app = HttpFunction("list-programmes")


@app.operation("list_programmes", "GET", "/programmes")
def list_programmes(_request: Request) -> Answer:
    return usecases.list_programmes()
