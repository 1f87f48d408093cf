"""POST /merchants/{merchant_id}/certification: the authority certifies or refuses."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import usecases
from puhui.merchants.dynamo import Merchants
from puhui.merchants.showing import decision_shown

app = HttpFunction("certify-merchant")
MERCHANTS = Merchants.from_environment()


@app.operation("certify_merchant", "POST", "/merchants/{merchant_id}/certification")
def certify_merchant(request: Request) -> Answer:
    merchant_id, body = request.path["merchant_id"], request.body
    command = usecases.Decide(
        merchant_id,
        body["decision"],
        request.member_id,
        request.idempotency_key,
        request.body_hash,
        body.get("reason_code", ""),
        body.get("note", ""),
        body["version"],
    )
    return decision_shown(merchant_id, usecases.decide(command, merchants=MERCHANTS, now=request.now))
