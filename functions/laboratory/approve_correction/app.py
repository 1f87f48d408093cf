"""POST /factors/corrections/{correction_id}/approval: somebody else approves, and every act concerned is corrected."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.laboratory import corrections
from puhui.laboratory.repository import Laboratory
from puhui.ledger.api import AUDIT_SHARDS
from puhui.store import states

app = HttpFunction("approve-correction")
LABORATORY = Laboratory.from_environment()
STATE_MACHINE = os.environ["CORRECTION_STATE_MACHINE"]


@app.operation("approve_correction", "POST", "/factors/corrections/{correction_id}/approval")
def approve_correction(request: Request) -> Answer:
    correction_id = request.path["correction_id"]
    proposed = LABORATORY.corrections.find(correction_id)
    approved = corrections.approve(proposed, request.member_id, request.now)
    if approved is not proposed:
        LABORATORY.corrections.approve(approved)
    states.start_again(STATE_MACHINE, approved.id, states.shards(approved.id, AUDIT_SHARDS))
    return 202, corrections.correction_body(approved)
