"""A verification that was lost goes on, through HTTP: the watch finds its act, and what a person decides is still heard."""

import hashlib
import json
import time
from typing import Any

import httpx
import pytest

from infra.local import demo
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud


def test_a_verification_that_was_aborted_goes_on_where_it_was(api: httpx.Client, local_cloud: Any):
    me, verifier = Member(api), Member(api, "demo-verifier")
    me.consent("photos")
    data = demo.photo(time.time_ns())
    demo.control(api, "verdicts", sha256=hashlib.sha256(data).hexdigest(), suggest="review", label=21000)
    trip = me.photo_act("subway_trip", {"trips": 1}, data)
    demo.until("the review", lambda: review_of(verifier, trip))

    states = local_cloud.aws("stepfunctions")
    machines = states.list_state_machines()["stateMachines"]
    machine = next(each["stateMachineArn"] for each in machines if each["name"].endswith("-verification"))
    execution = machine.replace(":stateMachine:", ":execution:") + ":" + trip
    states.stop_execution(executionArn=execution)
    assert states.describe_execution(executionArn=execution)["status"] == "ABORTED"
    local_cloud.aws("dynamodb").update_item(
        TableName=f"{local_cloud.stack}-activities",
        Key={"owner": {"S": f"member:{me.id}"}, "entry": {"S": f"A#{trip}"}},
        UpdateExpression="SET next_check_at = :past",
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00+08:00"}},
    )
    answer = local_cloud.aws("lambda").invoke(
        FunctionName=f"{local_cloud.stack}-check-waiting-activities", Payload=b"{}"
    )
    assert json.loads(answer["Payload"].read())["started"] >= 1
    assert states.describe_execution(executionArn=f"{execution}.2")["status"] == "RUNNING"

    review = review_of(verifier, trip)
    assert review
    decided = verifier.request("POST", f"/reviews/{review['id']}/decision", json={"decision": "approve"})
    assert decided.status_code == 200, decided.text
    assert me.ended(trip)["credits_mg"] == 200_000


def review_of(verifier: Member, activity_id: str) -> dict[str, Any] | None:
    items = verifier.get("/reviews", limit=100)["items"]
    return next((review for review in items if review["activity_id"] == activity_id), None)
