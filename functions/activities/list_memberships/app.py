"""GET /me/memberships: the programmes that the member takes or took part in."""

from functools import cache

from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.store import wiring
from puhui.store.cursors import page_at_hand

app = HttpFunction("list-memberships")
ACTIVITIES = Activities.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_memberships", "GET", "/me/memberships")
def list_memberships(request: Request) -> Answer:
    memberships = ACTIVITIES.memberships.of(request.member_id)
    scope = f"memberships:{request.member_id}"
    page = page_at_hand(memberships, lambda each: each.programme_id, scope, request.query, CURSORS)
    return page.body(lambda each: each.body())
