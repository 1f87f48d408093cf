"""GET /friends/{member_id}/activities: what one may collect of a friend's acts."""

from functools import cache

from puhui.activities.claims import shares
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.store import wiring
from puhui.store.cursors import page_at_hand

app = HttpFunction("list-friend-activities")
TABLES = Tables.from_environment()
MEMBERS = members.Members.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_friend_activities", "GET", "/friends/{member_id}/activities")
def list_friend_activities(request: Request) -> Answer:
    owner_id, programme_id = request.path["member_id"], request.query["programme_id"]
    members.require_friends(request.member_id, owner_id, members=MEMBERS)
    found = shares.list_collectable(request.member_id, owner_id, programme_id, tables=TABLES, now=request.now)
    scope = f"ripe:{request.member_id}:{owner_id}:{programme_id}"
    page = page_at_hand(found, lambda each: each.activity.id, scope, request.query, CURSORS)
    return page.body(lambda each: each.body())
