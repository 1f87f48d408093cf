"""POST /settlements/{settlement_id}/payments: a merchant's statement was paid."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.ledger.api import Ledger
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext
from puhui.settlement.statements import payments
from puhui.settlement.statements.views import paid_body

app = HttpFunction("record-payment")
REPOSITORIES, LEDGER = Repositories.from_environment(), Ledger.from_environment()


@app.operation("record_payment", "POST", "/settlements/{settlement_id}/payments")
def record_payment(request: Request) -> Answer:
    body = request.body
    context = RequestContext(request.member_id, request.now, request.idempotency_key, request.body_hash)
    paid = payments.record_payment(
        request.path["settlement_id"],
        body["merchant_id"],
        body["fen"],
        body["reference"],
        clock.from_text(body["paid_at"]),
        context,
        repositories=REPOSITORIES,
        ledger=LEDGER,
    )
    return 201, paid_body(paid)
