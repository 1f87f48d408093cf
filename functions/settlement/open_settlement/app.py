"""POST /settlements: what a programme's merchants are owed for what was verified before a moment."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.settlement import statements, usecases
from puhui.settlement.dynamo import Settlements
from puhui.settlement.model import By
from puhui.store import states

app = HttpFunction("open-settlement")
SETTLEMENTS = Settlements.from_environment()
STATE_MACHINE = os.environ["SETTLEMENT_STATE_MACHINE"]
LAG_SECONDS = int(os.environ["SETTLEMENT_LAG_SECONDS"])


@app.operation("open_settlement", "POST", "/settlements")
def open_settlement(request: Request) -> Answer:
    by = By(request.member_id, request.now, request.idempotency_key, request.body_hash)
    opened = usecases.open_settlement(
        request.body["programme_id"],
        clock.from_text(request.body["until"]),
        by,
        lag_seconds=LAG_SECONDS,
        settlements=SETTLEMENTS,
    )
    states.start_again(STATE_MACHINE, opened.id, {"id": opened.id, "shards": usecases.shards_of(opened.id)})
    return 202, statements.settlement_shown(opened)
