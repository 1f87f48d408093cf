"""POST /activities/{activity_id}/voiding: an officer voids an act before it is settled."""

from puhui.activities.settling import voiding
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("void-activity")
TABLES = Tables.from_environment()


@app.operation("void_activity", "POST", "/activities/{activity_id}/voiding")
def void_activity(request: Request) -> Answer:
    body = request.body
    activity = voiding.void(
        body["member_id"],
        request.path["activity_id"],
        request.member_id,
        body["reason_code"],
        body.get("note", ""),
        tables=TABLES,
        now=request.now,
        scope=request.scope,
    )
    return voiding.voiding_body(activity)
