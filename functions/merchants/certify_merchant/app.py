"""POST /merchants/{merchant_id}/certification: the authority certifies or refuses."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.applications.deciding import DecisionRequest, decide
from puhui.merchants.applications.views import decision_body
from puhui.merchants.repositories import Merchants

app = HttpFunction("certify-merchant")
MERCHANTS = Merchants.from_environment()


@app.operation("certify_merchant", "POST", "/merchants/{merchant_id}/certification")
def certify_merchant(request: Request) -> Answer:
    merchant_id, body = request.path["merchant_id"], request.body
    decision = DecisionRequest(
        merchant_id,
        body["decision"],
        request.member_id,
        request.idempotency_key,
        request.body_hash,
        body.get("reason_code", ""),
        body.get("note", ""),
        body["version"],
    )
    return decision_body(merchant_id, decide(decision, merchants=MERCHANTS, now=request.now))
