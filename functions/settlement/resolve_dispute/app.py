"""POST /settlements/{settlement_id}/disputes/{dispute_id}/resolution: an outsider resolves a dispute; a released statement is posted."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import Merchants
from puhui.settlement.disputes import usecases
from puhui.settlement.disputes.model import REJECTED, ProposedAdjustment, Resolution
from puhui.settlement.disputes.views import dispute_body
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext
from puhui.settlement.settlements import workflow

app = HttpFunction("resolve-dispute")
REPOSITORIES, MERCHANTS = Repositories.from_environment(), Merchants.from_environment()
STATE_MACHINE = os.environ["POSTING_STATE_MACHINE"]


@app.operation("resolve_dispute", "POST", "/settlements/{settlement_id}/disputes/{dispute_id}/resolution")
def resolve_dispute(request: Request) -> Answer:
    body = request.body
    context = RequestContext(request.member_id, request.now, request.idempotency_key, request.body_hash)
    adjustments = tuple(ProposedAdjustment(**each) for each in body.get("adjustments", ()))
    resolved, settlement = usecases.resolve(
        request.path["settlement_id"],
        request.path["dispute_id"],
        Resolution(body["decision"], adjustments, body["note"]),
        context,
        repositories=REPOSITORIES,
        staff=MERCHANTS,
    )
    if resolved.status == REJECTED and settlement.approved_revision >= 0:
        workflow.start_posting(STATE_MACHINE, settlement)
    return dispute_body(resolved) | {"hash": settlement.hash}
