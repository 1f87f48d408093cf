"""GET /me/friends: the member's friends."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import friends
from puhui.members.friends import Friend
from puhui.members.repository import Members
from puhui.store import wiring

app = HttpFunction("list-friends")
MEMBERS = Members.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_friends", "GET", "/me/friends")
def list_friends(request: Request) -> Answer:
    query = request.query
    page = friends.friends_of(
        request.member_id, query["limit"], query.get("cursor"), members=MEMBERS, cursors=CURSORS()
    )
    return page.body(Friend.body)
