"""GET /factors/drafts/{factor_id}/versions/{version}: a version at any step, with its document."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import procedure
from puhui.methodologies.repository import Factors

app = HttpFunction("get-factor-draft")
TABLE = Factors.from_environment()


@app.operation("get_factor_draft", "GET", "/factors/drafts/{factor_id}/versions/{version}")
def get_factor_draft(request: Request) -> Answer:
    return procedure.get_draft(request.path["factor_id"], request.path["version"], table=TABLE)
