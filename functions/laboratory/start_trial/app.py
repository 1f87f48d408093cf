"""POST /methodologies/{methodology_id}/trials: what would this draft have given?"""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import documents
from puhui.laboratory import usecases
from puhui.laboratory.model import RUNNING
from puhui.laboratory.repository import Laboratory
from puhui.ledger.api import AUDIT_SHARDS
from puhui.methodologies import published
from puhui.methodologies.publication import check_document
from puhui.store import states

app = HttpFunction("start-trial")
LABORATORY = Laboratory.from_environment()
STATE_MACHINE = os.environ["TRIAL_STATE_MACHINE"]

published.from_environment()


@app.operation("start_trial", "POST", "/methodologies/{methodology_id}/trials")
def start_trial(request: Request) -> Answer:
    document = documents.parse(request.raw_body)["document"]  # as it was written, no name twice
    trial = usecases.start_trial(
        request.path["methodology_id"],
        check_document(document),
        request.body,
        started_by=request.member_id,
        key=request.idempotency_key,
        body_hash=request.body_hash,
        trials=LABORATORY.trials,
        now=request.now,
    )
    if trial.status == RUNNING:
        states.start_again(STATE_MACHINE, trial.id, states.shards(trial.id, AUDIT_SHARDS))
    return 202, usecases.trial_body(trial)
