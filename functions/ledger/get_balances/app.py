"""GET /me/balances: what I have, programme by programme."""

from puhui.activities.api import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.points.statement import balances

app = HttpFunction("get-balances")
LEDGER, ACTIVITIES = Ledger.from_environment(), Activities.from_environment()


@app.operation("get_balances", "GET", "/me/balances")
def get_balances(request: Request) -> Answer:
    return {"items": balances(request.member_id, ledger=LEDGER, activities=ACTIVITIES, now=request.now)}
