"""DELETE /me/friends/{member_id}: be friends no longer."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import friends
from puhui.members.repository import Members

app = HttpFunction("remove-friend")
MEMBERS = Members.from_environment()


@app.operation("remove_friend", "DELETE", "/me/friends/{member_id}")
def remove_friend(request: Request) -> Answer:
    friends.remove(request.member_id, request.path["member_id"], members=MEMBERS, now=request.now)
    return 204, None
