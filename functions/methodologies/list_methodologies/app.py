"""GET /methodologies: the latest version of each methodology."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import published, usecases

app = HttpFunction("list-methodologies")


@app.operation("list_methodologies", "GET", "/methodologies")
def list_methodologies(_request: Request) -> Answer:
    return usecases.list_methodologies(published.table())
