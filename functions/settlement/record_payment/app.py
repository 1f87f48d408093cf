"""POST /settlements/{settlement_id}/payments: a merchant's statement was paid."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.ledger.api import Ledger
from puhui.settlement import statements, usecases
from puhui.settlement.dynamo import Settlements
from puhui.settlement.model import By

app = HttpFunction("record-payment")
SETTLEMENTS, LEDGER = Settlements.from_environment(), Ledger.from_environment()


@app.operation("record_payment", "POST", "/settlements/{settlement_id}/payments")
def record_payment(request: Request) -> Answer:
    body = request.body
    by = By(request.member_id, request.now, request.idempotency_key, request.body_hash)
    paid = usecases.record_payment(
        request.path["settlement_id"],
        body["merchant_id"],
        body["fen"],
        body["reference"],
        clock.from_text(body["paid_at"]),
        by,
        settlements=SETTLEMENTS,
        ledger=LEDGER,
    )
    return 201, statements.paid_shown(paid)
