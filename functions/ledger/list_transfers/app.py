"""GET /me/transfers: my statement."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger import showing, usecases
from puhui.ledger.dynamo import Ledger
from puhui.ledger.model import member
from puhui.store import wiring

app = HttpFunction("list-transfers")
LEDGER = Ledger.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_transfers", "GET", "/me/transfers")
def list_transfers(request: Request) -> Answer:
    account = member(request.member_id)
    page = usecases.statement(
        account, request.query["limit"], request.query.get("cursor"), ledger=LEDGER, cursors=CURSORS()
    )
    return page.body(lambda transfer: showing.transfer(transfer, account))
