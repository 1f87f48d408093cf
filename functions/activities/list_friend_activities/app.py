"""GET /friends/{member_id}/activities: what one may take of a friend's acts."""

from puhui.activities import claims
from puhui.activities.ports import Books
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members

app = HttpFunction("list-friend-activities")
BOOKS = Books.from_environment()
MEMBERS = members.Members.from_environment()


@app.operation("list_friend_activities", "GET", "/friends/{member_id}/activities")
def list_friend_activities(request: Request) -> Answer:
    owner_id = request.path["member_id"]
    members.require_friends(request.member_id, owner_id, members=MEMBERS)
    ripe = claims.ripe_acts(
        request.member_id, owner_id, request.query["programme_id"], books=BOOKS, now=request.now
    )
    return {"items": [each.shown() for each in ripe]}
