"""POST /activities: record an act."""

from puhui.activities import reading, recording
from puhui.activities.acts.model import VERIFYING
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.methodologies import published

app = HttpFunction("record-activity")
published.from_environment()
TABLES = Tables.from_environment()


@app.operation("record_activity", "POST", "/activities")
def record_activity(request: Request) -> Answer:
    body = request.body
    command = recording.RecordActivity(
        member_id=request.member_id,
        programme_id=body["programme_id"],
        behaviour=body["behaviour"],
        occurred_at=clock.from_text(body["occurred_at"]),
        quantity=body["quantity"],
        evidence_ids=body.get("evidence_ids", []),
        key=request.idempotency_key,
        body_hash=request.body_hash,
        ended_at=clock.from_text(body["ended_at"]) if "ended_at" in body else None,
        track=body.get("track"),
    )
    activity = recording.record_activity(command, tables=TABLES, now=request.now)
    return 202 if activity.status == VERIFYING else 201, reading.activity_body(activity, activity.recorded_at)
