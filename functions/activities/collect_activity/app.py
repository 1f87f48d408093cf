"""POST /activities/{activity_id}/collection: collect an act of one's own, or take a part of a friend's."""

from puhui.activities import claims
from puhui.activities.ports import Books
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members

app = HttpFunction("collect-activity")
BOOKS = Books.from_environment()
MEMBERS = members.Members.from_environment()


@app.operation("collect_activity", "POST", "/activities/{activity_id}/collection")
def collect_activity(request: Request) -> Answer:
    activity_id = request.path["activity_id"]
    owner_id = request.query.get("owner_id", request.member_id)
    if owner_id == request.member_id:
        return claims.shown(claims.collect(owner_id, activity_id, books=BOOKS, now=request.now))
    members.require_friends(request.member_id, owner_id, members=MEMBERS)
    return claims.shown_taking(
        claims.take(request.member_id, owner_id, activity_id, books=BOOKS, now=request.now)
    )
