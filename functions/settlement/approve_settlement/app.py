"""POST /settlements/{settlement_id}/approval: one of two people approves; after the second one it is posted."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import Merchants
from puhui.settlement import model, statements, usecases
from puhui.settlement.dynamo import Settlements
from puhui.settlement.model import APPROVED, By
from puhui.store import states

app = HttpFunction("approve-settlement")
SETTLEMENTS, MERCHANTS = Settlements.from_environment(), Merchants.from_environment()
STATE_MACHINE = os.environ["POSTING_STATE_MACHINE"]


@app.operation("approve_settlement", "POST", "/settlements/{settlement_id}/approval")
def approve_settlement(request: Request) -> Answer:
    by = By(request.member_id, request.now, request.idempotency_key, request.body_hash)
    after = usecases.approve(
        request.path["settlement_id"], request.body["hash"], by, settlements=SETTLEMENTS, staffs=MERCHANTS
    )
    if after.status == APPROVED:
        given = {"id": after.id, "shards": usecases.shards_of(after.id)}
        states.start_again(STATE_MACHINE, model.posting_name(after), given)
    return statements.settlement_shown(after)
