"""GET /me/balances: what I have, programme by programme."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger import showing, usecases
from puhui.ledger.dynamo import Ledger
from puhui.ledger.model import member

app = HttpFunction("get-balances")
LEDGER = Ledger.from_environment()


@app.operation("get_balances", "GET", "/me/balances")
def get_balances(request: Request) -> Answer:
    balances, entrusted = usecases.holdings_of(member(request.member_id), ledger=LEDGER)
    return {"items": [showing.balance(b, request.now, entrusted) for b in balances if b.unit != "CNY"]}
