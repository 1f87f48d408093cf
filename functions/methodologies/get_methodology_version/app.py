"""GET /methodologies/{methodology_id}/versions/{version}: one published version with its factors and its status."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import published, usecases

app = HttpFunction("get-methodology-version")


@app.operation("get_methodology_version", "GET", "/methodologies/{methodology_id}/versions/{version}")
def get_methodology_version(request: Request) -> Answer:
    path = request.path
    return usecases.get_methodology_version(path["methodology_id"], path["version"], published.table())
