"""POST /settlements/{settlement_id}/approval: one of two people approves; after the second one it is posted."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import Merchants
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext
from puhui.settlement.settlements import approving, workflow
from puhui.settlement.settlements.model import APPROVED
from puhui.settlement.settlements.views import settlement_body

app = HttpFunction("approve-settlement")
REPOSITORIES, MERCHANTS = Repositories.from_environment(), Merchants.from_environment()
STATE_MACHINE = os.environ["POSTING_STATE_MACHINE"]


@app.operation("approve_settlement", "POST", "/settlements/{settlement_id}/approval")
def approve_settlement(request: Request) -> Answer:
    context = RequestContext(request.member_id, request.now, request.idempotency_key, request.body_hash)
    after = approving.approve(
        request.path["settlement_id"],
        request.body["hash"],
        context,
        repositories=REPOSITORIES,
        staff=MERCHANTS,
    )
    if after.status == APPROVED:
        workflow.start_posting(STATE_MACHINE, after)
    return settlement_body(after)
