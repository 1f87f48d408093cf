"""PUT /budgets/{budget_id}: a sponsor's budget in a programme."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.settlement.budgets import usecases as budgets
from puhui.settlement.repositories import Repositories

app = HttpFunction("put-budget")
REPOSITORIES, LEDGER = Repositories.from_environment(), Ledger.from_environment()


@app.operation("put_budget", "PUT", "/budgets/{budget_id}")
def put_budget(request: Request) -> Answer:
    body, budget_id = request.body, request.path["budget_id"]
    budgets.put_budget(budget_id, body["programme_id"], body["sponsor"], repositories=REPOSITORIES)
    return budgets.get_budget(budget_id, repositories=REPOSITORIES, ledger=LEDGER)
