"""POST /methodologies/{methodology_id}/trials: what would this draft have given?"""

import json
import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.laboratory import usecases
from puhui.laboratory.dynamo import Laboratory
from puhui.laboratory.model import RUNNING
from puhui.laboratory.shards import shards_of
from puhui.methodologies import published
from puhui.methodologies.publication import check_document
from puhui.store import aws

app = HttpFunction("start-trial")
LABORATORY = Laboratory.from_environment()
STATE_MACHINE = os.environ["TRIAL_STATE_MACHINE"]

published.from_environment()


@app.operation("start_trial", "POST", "/methodologies/{methodology_id}/trials")
def start_trial(request: Request) -> Answer:
    trial = usecases.start_trial(
        request.path["methodology_id"],
        check_document(request.body["document"]),
        request.body,
        started_by=request.member_id,
        key=request.idempotency_key,
        body_hash=request.body_hash,
        laboratory=LABORATORY,
        now=request.now,
    )
    if trial.status == RUNNING:
        work = json.dumps({"id": trial.id, "shards": shards_of(trial.id)})
        try:
            aws.call(
                "states",
                "StartExecution",
                {"stateMachineArn": STATE_MACHINE, "name": trial.id, "input": work},
            )
        except aws.AwsError as error:
            if error.code != "ExecutionAlreadyExists":
                raise
    return 202, usecases.shown(trial)
