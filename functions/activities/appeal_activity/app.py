"""POST /activities/{activity_id}/appeals: a member appeals against what was decided about an act."""

from puhui.activities.appeals import usecases
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members

app = HttpFunction("appeal-activity")
TABLES = Tables.from_environment()
MEMBERS = members.Members.from_environment()


@app.operation("appeal_activity", "POST", "/activities/{activity_id}/appeals")
def appeal_activity(request: Request) -> Answer:
    appeal = usecases.appeal_activity(
        request.member_id,
        request.path["activity_id"],
        request.body["reason"],
        tables=TABLES,
        now=request.now,
        org=members.org_of(request.member_id, members=MEMBERS),
    )
    return 201, usecases.appeal_body(appeal)
