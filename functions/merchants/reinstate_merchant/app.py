"""POST /merchants/{merchant_id}/reinstatement: another person of the authority lifts a suspension."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.applications.deciding import DecisionRequest, decide
from puhui.merchants.applications.views import decision_body
from puhui.merchants.repositories import Merchants

app = HttpFunction("reinstate-merchant")
MERCHANTS = Merchants.from_environment()


@app.operation("reinstate_merchant", "POST", "/merchants/{merchant_id}/reinstatement")
def reinstate_merchant(request: Request) -> Answer:
    merchant_id, body = request.path["merchant_id"], request.body
    decision = DecisionRequest(
        merchant_id,
        "reinstate",
        request.member_id,
        request.idempotency_key,
        request.body_hash,
        "",
        body["note"],
    )
    return decision_body(merchant_id, decide(decision, merchants=MERCHANTS, now=request.now))
