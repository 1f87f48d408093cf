"""POST /merchant/settlements/{settlement_id}/disputes: a merchant says that its statement is wrong."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import MANAGER, OWNER, Merchants
from puhui.settlement import disputes
from puhui.settlement.dynamo import Settlements
from puhui.settlement.model import By

app = HttpFunction("open-dispute")
SETTLEMENTS, MERCHANTS = Settlements.from_environment(), Merchants.from_environment()


@app.operation("open_dispute", "POST", "/merchant/settlements/{settlement_id}/disputes")
def open_dispute(request: Request) -> Answer:
    body = request.body
    MERCHANTS.require_staff(body["merchant_id"], request.member_id, OWNER, MANAGER)
    by = By(request.member_id, request.now, request.idempotency_key, request.body_hash)
    opened = disputes.open_dispute(
        request.path["settlement_id"],
        body["merchant_id"],
        body["text"],
        body.get("claimed_fen"),
        by,
        settlements=SETTLEMENTS,
    )
    return 201, disputes.shown(opened)
