"""POST /factors/{factor_id}/versions/{version}/reviews: approve or refuse."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import procedure
from puhui.methodologies.lifecycle import Officer
from puhui.methodologies.repository import Factors

app = HttpFunction("review-factor")
TABLE = Factors.from_environment()


@app.operation("review_factor", "POST", "/factors/{factor_id}/versions/{version}/reviews")
def review_factor(request: Request) -> Answer:
    body = request.body
    command = procedure.Command(
        Officer(request.member_id, request.roles), request.now, request.idempotency_key, request.body_hash
    )
    return procedure.review(
        request.path["factor_id"],
        request.path["version"],
        body["decision"],
        body["hash"],
        body.get("note", ""),
        command,
        table=TABLE,
    )
