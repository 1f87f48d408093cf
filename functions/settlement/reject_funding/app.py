"""POST /budgets/{budget_id}/fundings/{funding_id}/rejection: reject a proposed funding."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.settlement.budgets import usecases as budgets
from puhui.settlement.budgets.views import funding_body
from puhui.settlement.repositories import Repositories

app = HttpFunction("reject-funding")
REPOSITORIES = Repositories.from_environment()


@app.operation("reject_funding", "POST", "/budgets/{budget_id}/fundings/{funding_id}/rejection")
def reject_funding(request: Request) -> Answer:
    rejected = budgets.reject(
        request.path["budget_id"], request.path["funding_id"], request.member_id, repositories=REPOSITORIES
    )
    return funding_body(rejected)
