"""POST /settlements/{settlement_id}/disputes/{dispute_id}/resolution: somebody outside decides a dispute; what that sets free is posted."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import Merchants
from puhui.settlement import disputes, model, usecases
from puhui.settlement.dynamo import Settlements
from puhui.settlement.model import REJECTED, By, Resolution, Wanted
from puhui.store import states

app = HttpFunction("resolve-dispute")
SETTLEMENTS, MERCHANTS = Settlements.from_environment(), Merchants.from_environment()
STATE_MACHINE = os.environ["POSTING_STATE_MACHINE"]


@app.operation("resolve_dispute", "POST", "/settlements/{settlement_id}/disputes/{dispute_id}/resolution")
def resolve_dispute(request: Request) -> Answer:
    body = request.body
    by = By(request.member_id, request.now, request.idempotency_key, request.body_hash)
    wanted = tuple(Wanted(**each) for each in body.get("adjustments", ()))
    resolved, settlement = disputes.resolve(
        request.path["settlement_id"],
        request.path["dispute_id"],
        Resolution(body["decision"], wanted, body["note"]),
        by,
        settlements=SETTLEMENTS,
        staffs=MERCHANTS,
    )
    if resolved.status == REJECTED and settlement.approved_revision >= 0:
        given = {"id": settlement.id, "shards": usecases.shards_of(settlement.id)}
        states.start_again(STATE_MACHINE, model.posting_name(settlement), given)
    return disputes.shown(resolved) | {"hash": settlement.hash}
