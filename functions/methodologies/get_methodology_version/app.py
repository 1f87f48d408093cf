"""GET /methodologies/{methodology_id}/versions/{version}: one published version with its factors."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import usecases

app = HttpFunction("get-methodology-version")


@app.operation("get_methodology_version", "GET", "/methodologies/{methodology_id}/versions/{version}")
def get_methodology_version(request: Request) -> Answer:
    return usecases.get_methodology_version(request.path["methodology_id"], request.path["version"])
