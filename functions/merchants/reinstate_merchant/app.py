"""POST /merchants/{merchant_id}/reinstatement: somebody else of the authority lifts a suspension."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import usecases
from puhui.merchants.dynamo import Merchants
from puhui.merchants.showing import decision_shown

app = HttpFunction("reinstate-merchant")
MERCHANTS = Merchants.from_environment()


@app.operation("reinstate_merchant", "POST", "/merchants/{merchant_id}/reinstatement")
def reinstate_merchant(request: Request) -> Answer:
    merchant_id, body = request.path["merchant_id"], request.body
    command = usecases.Decide(
        merchant_id,
        "reinstate",
        request.member_id,
        request.idempotency_key,
        request.body_hash,
        "",
        body["note"],
    )
    return decision_shown(merchant_id, usecases.decide(command, merchants=MERCHANTS, now=request.now))
