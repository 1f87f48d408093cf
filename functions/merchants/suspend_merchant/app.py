"""POST /merchants/{merchant_id}/suspension: the authority suspends."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.applications.deciding import DecisionRequest, decide
from puhui.merchants.applications.views import decision_body
from puhui.merchants.repositories import Merchants

app = HttpFunction("suspend-merchant")
MERCHANTS = Merchants.from_environment()


@app.operation("suspend_merchant", "POST", "/merchants/{merchant_id}/suspension")
def suspend_merchant(request: Request) -> Answer:
    merchant_id, body = request.path["merchant_id"], request.body
    decision = DecisionRequest(
        merchant_id,
        "suspend",
        request.member_id,
        request.idempotency_key,
        request.body_hash,
        body["reason_code"],
        body["note"],
    )
    return decision_body(merchant_id, decide(decision, merchants=MERCHANTS, now=request.now))
