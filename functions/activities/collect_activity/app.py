"""POST /activities/{activity_id}/collection: collect an act of one's own, or collect a part of a friend's."""

from puhui.activities.claims import collecting, shares
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members

app = HttpFunction("collect-activity")
TABLES = Tables.from_environment()
MEMBERS = members.Members.from_environment()


@app.operation("collect_activity", "POST", "/activities/{activity_id}/collection")
def collect_activity(request: Request) -> Answer:
    activity_id = request.path["activity_id"]
    owner_id = request.query.get("owner_id", request.member_id)
    if owner_id == request.member_id:
        return collecting.collection_body(
            collecting.collect(owner_id, activity_id, tables=TABLES, now=request.now)
        )
    members.require_friends(request.member_id, owner_id, members=MEMBERS)
    return shares.share_body(
        shares.collect_share(request.member_id, owner_id, activity_id, tables=TABLES, now=request.now)
    )
