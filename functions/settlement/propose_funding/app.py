"""POST /budgets/{budget_id}/fundings: propose a funding or a withdrawal."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.settlement.budgets import usecases as budgets
from puhui.settlement.budgets.model import FUND
from puhui.settlement.budgets.views import funding_body
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext

app = HttpFunction("propose-funding")
REPOSITORIES = Repositories.from_environment()


@app.operation("propose_funding", "POST", "/budgets/{budget_id}/fundings")
def propose_funding(request: Request) -> Answer:
    body = request.body
    context = RequestContext(request.member_id, request.now, request.idempotency_key, request.body_hash)
    proposed = budgets.propose_funding(
        request.path["budget_id"],
        body.get("kind", FUND),
        body["fen"],
        body["reference"],
        context,
        repositories=REPOSITORIES,
    )
    return 201, funding_body(proposed)
