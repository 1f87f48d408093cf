"""POST /budgets/{budget_id}/fundings/{funding_id}/approval: another person approves a funding."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.settlement.budgets import usecases as budgets
from puhui.settlement.budgets.views import funding_body
from puhui.settlement.repositories import Repositories

app = HttpFunction("approve-funding")
REPOSITORIES, LEDGER = Repositories.from_environment(), Ledger.from_environment()


@app.operation("approve_funding", "POST", "/budgets/{budget_id}/fundings/{funding_id}/approval")
def approve_funding(request: Request) -> Answer:
    approved = budgets.approve(
        request.path["budget_id"],
        request.path["funding_id"],
        request.member_id,
        repositories=REPOSITORIES,
        ledger=LEDGER,
        now=request.now,
    )
    return funding_body(approved)
