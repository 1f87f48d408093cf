"""POST /merchant/settlements/{settlement_id}/disputes: a merchant says that its statement is wrong."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import MANAGER, OWNER, Merchants
from puhui.settlement.disputes import usecases
from puhui.settlement.disputes.views import dispute_body
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext

app = HttpFunction("open-dispute")
REPOSITORIES, MERCHANTS = Repositories.from_environment(), Merchants.from_environment()


@app.operation("open_dispute", "POST", "/merchant/settlements/{settlement_id}/disputes")
def open_dispute(request: Request) -> Answer:
    body = request.body
    MERCHANTS.require_staff(body["merchant_id"], request.member_id, OWNER, MANAGER)
    context = RequestContext(request.member_id, request.now, request.idempotency_key, request.body_hash)
    opened = usecases.open_dispute(
        request.path["settlement_id"],
        body["merchant_id"],
        body["text"],
        body.get("claimed_fen"),
        context,
        repositories=REPOSITORIES,
    )
    return 201, dispute_body(opened)
