"""GET /methodologies/drafts/{methodology_id}/versions/{version}: a version at any step, with its document."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import procedure
from puhui.methodologies.repository import Methodologies

app = HttpFunction("get-methodology-draft")
TABLE = Methodologies.from_environment()


@app.operation("get_methodology_draft", "GET", "/methodologies/drafts/{methodology_id}/versions/{version}")
def get_methodology_draft(request: Request) -> Answer:
    return procedure.get_draft(request.path["methodology_id"], request.path["version"], table=TABLE)
