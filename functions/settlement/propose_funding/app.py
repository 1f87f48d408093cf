"""POST /budgets/{budget_id}/fundings: a sponsor's money came in, or shall go back."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.settlement import budgets
from puhui.settlement.dynamo import Settlements
from puhui.settlement.model import FUND, By

app = HttpFunction("propose-funding")
SETTLEMENTS = Settlements.from_environment()


@app.operation("propose_funding", "POST", "/budgets/{budget_id}/fundings")
def propose_funding(request: Request) -> Answer:
    body = request.body
    by = By(request.member_id, request.now, request.idempotency_key, request.body_hash)
    proposed = budgets.propose_funding(
        request.path["budget_id"],
        body.get("kind", FUND),
        body["fen"],
        body["reference"],
        by,
        settlements=SETTLEMENTS,
    )
    return 201, budgets.funding_shown(proposed)
