"""GET /me/wards: the children in one's charge."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import guardians
from puhui.members.repository import Members
from puhui.store import wiring
from puhui.store.cursors import page_at_hand

app = HttpFunction("list-wards")
MEMBERS = Members.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_wards", "GET", "/me/wards")
def list_wards(request: Request) -> Answer:
    wards = guardians.wards_of(request.member_id, request.now, members=MEMBERS)
    scope = f"wards:{request.member_id}"
    page = page_at_hand(wards, lambda each: each.member.id, scope, request.query, CURSORS)
    return page.body(lambda each: each.body(request.now))
