"""POST /settlements: open a settlement of what was verified before a moment."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext
from puhui.settlement.settlements import opening, workflow
from puhui.settlement.settlements.views import settlement_body

app = HttpFunction("open-settlement")
REPOSITORIES = Repositories.from_environment()
STATE_MACHINE = os.environ["SETTLEMENT_STATE_MACHINE"]
LAG_SECONDS = int(os.environ["SETTLEMENT_LAG_SECONDS"])


@app.operation("open_settlement", "POST", "/settlements")
def open_settlement(request: Request) -> Answer:
    context = RequestContext(request.member_id, request.now, request.idempotency_key, request.body_hash)
    opened = opening.open_settlement(
        request.body["programme_id"],
        clock.from_text(request.body["until"]),
        context,
        lag_seconds=LAG_SECONDS,
        repositories=REPOSITORIES,
    )
    workflow.start_computing(STATE_MACHINE, opened)
    return 202, settlement_body(opened)
