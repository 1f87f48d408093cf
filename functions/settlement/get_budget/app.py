"""GET /budgets/{budget_id}: a sponsor's budget, what is left of it, its fundings."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.settlement.budgets import usecases as budgets
from puhui.settlement.repositories import Repositories

app = HttpFunction("get-budget")
REPOSITORIES, LEDGER = Repositories.from_environment(), Ledger.from_environment()


@app.operation("get_budget", "GET", "/budgets/{budget_id}")
def get_budget(request: Request) -> Answer:
    return budgets.get_budget(request.path["budget_id"], repositories=REPOSITORIES, ledger=LEDGER)
