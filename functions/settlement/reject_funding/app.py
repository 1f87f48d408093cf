"""POST /budgets/{budget_id}/fundings/{funding_id}/rejection: a proposal is turned down, and no money moves."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.settlement import budgets
from puhui.settlement.dynamo import Settlements

app = HttpFunction("reject-funding")
SETTLEMENTS = Settlements.from_environment()


@app.operation("reject_funding", "POST", "/budgets/{budget_id}/fundings/{funding_id}/rejection")
def reject_funding(request: Request) -> Answer:
    rejected = budgets.reject(
        request.path["budget_id"], request.path["funding_id"], request.member_id, settlements=SETTLEMENTS
    )
    return budgets.funding_shown(rejected)
