"""POST /merchants/{merchant_id}/suspension: the authority suspends."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import usecases
from puhui.merchants.dynamo import Merchants
from puhui.merchants.showing import decision_shown

app = HttpFunction("suspend-merchant")
MERCHANTS = Merchants.from_environment()


@app.operation("suspend_merchant", "POST", "/merchants/{merchant_id}/suspension")
def suspend_merchant(request: Request) -> Answer:
    merchant_id, body = request.path["merchant_id"], request.body
    command = usecases.Decide(
        merchant_id,
        "suspend",
        request.member_id,
        request.idempotency_key,
        request.body_hash,
        body["reason_code"],
        body["note"],
    )
    return decision_shown(merchant_id, usecases.decide(command, merchants=MERCHANTS, now=request.now))
