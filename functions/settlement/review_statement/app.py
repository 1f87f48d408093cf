"""GET /settlements/{settlement_id}/statements/{merchant_id}: a statement, for approvers and who resolves disputes."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.settlement.repositories import Repositories
from puhui.settlement.statements import views

app = HttpFunction("review-statement")
REPOSITORIES = Repositories.from_environment()


@app.operation("review_statement", "GET", "/settlements/{settlement_id}/statements/{merchant_id}")
def review_statement(request: Request) -> Answer:
    return views.get_statement(
        request.path["settlement_id"], request.path["merchant_id"], repositories=REPOSITORIES
    )
