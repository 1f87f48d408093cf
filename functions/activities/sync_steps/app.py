"""POST /steps: credit WeRun's steps."""

from puhui.activities import capturing, steps
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.methodologies import published

app = HttpFunction("sync-steps")
published.from_environment()
TABLES = Tables.from_environment()
MEMBERS = members.Members.from_environment()


@app.operation("sync_steps", "POST", "/steps")
def sync_steps(request: Request) -> Answer:
    body = request.body
    walked, standing = members.read_steps(
        request.member_id, body["encrypted_data"], body["iv"], request.now, members=MEMBERS
    )
    taken, left = capturing.since_consent(
        walked,
        standing,
        body["programme_id"],
        request.now,
        include_earlier=body.get("include_earlier", False),
    )
    answer = steps.sync_steps(
        request.member_id,
        body["programme_id"],
        taken,
        key=request.idempotency_key,
        body_hash=request.body_hash,
        tables=TABLES,
        now=request.now,
    )
    return {**answer, "days": [*answer["days"], *left]}
