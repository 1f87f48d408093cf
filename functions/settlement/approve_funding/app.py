"""POST /budgets/{budget_id}/fundings/{funding_id}/approval: somebody else lets the money move."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.settlement import budgets
from puhui.settlement.dynamo import Settlements

app = HttpFunction("approve-funding")
SETTLEMENTS, LEDGER = Settlements.from_environment(), Ledger.from_environment()


@app.operation("approve_funding", "POST", "/budgets/{budget_id}/fundings/{funding_id}/approval")
def approve_funding(request: Request) -> Answer:
    approved = budgets.approve(
        request.path["budget_id"],
        request.path["funding_id"],
        request.member_id,
        settlements=SETTLEMENTS,
        ledger=LEDGER,
        now=request.now,
    )
    return budgets.funding_shown(approved)
