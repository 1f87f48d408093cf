"""POST /activities: record an act."""

from functools import cache

from puhui.activities import reading, recording
from puhui.activities.acts.model import HELD, VERIFYING
from puhui.activities.risk.records import device_hash
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.methodologies import published
from puhui.store import wiring

app = HttpFunction("record-activity")
published.from_environment()
TABLES = Tables.from_environment()
DEVICE_KEY = cache(lambda: wiring.key_for("devices"))


@app.operation("record_activity", "POST", "/activities")
def record_activity(request: Request) -> Answer:
    body = request.body
    device_id = body.get("device", {}).get("id", "")
    command = recording.RecordActivity(
        member_id=request.member_id,
        programme_id=body["programme_id"],
        behaviour=body["behaviour"],
        occurred_at=clock.from_text(body["occurred_at"]),
        quantity=body["quantity"],
        evidence_ids=body.get("evidence_ids", []),
        key=request.idempotency_key,
        body_hash=request.body_hash,
        device=device_hash(device_id, DEVICE_KEY()) if device_id else "",
        address=request.address,
        ended_at=clock.from_text(body["ended_at"]) if "ended_at" in body else None,
        track=body.get("track"),
        meter=body.get("meter"),
    )
    activity = recording.record_activity(command, tables=TABLES, now=request.now)
    return 202 if activity.status in (VERIFYING, HELD) else 201, reading.activity_body(
        activity, activity.recorded_at
    )
