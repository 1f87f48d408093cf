"""GET /budgets/{budget_id}: a sponsor's budget, what is left of it, its fundings."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.settlement import budgets
from puhui.settlement.dynamo import Settlements

app = HttpFunction("get-budget")
SETTLEMENTS, LEDGER = Settlements.from_environment(), Ledger.from_environment()


@app.operation("get_budget", "GET", "/budgets/{budget_id}")
def get_budget(request: Request) -> Answer:
    return budgets.get_budget(request.path["budget_id"], settlements=SETTLEMENTS, ledger=LEDGER)
