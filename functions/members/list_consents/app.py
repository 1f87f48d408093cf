"""GET /me/consents: what I agreed to."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.repository import Members
from puhui.store import wiring
from puhui.store.cursors import page_at_hand

app = HttpFunction("list-consents")
MEMBERS = Members.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_consents", "GET", "/me/consents")
def list_consents(request: Request) -> Answer:
    given = MEMBERS.find(request.member_id).consents
    consents = [given[purpose] for purpose in sorted(given)]
    scope = f"consents:{request.member_id}"
    page = page_at_hand(consents, lambda each: each.purpose, scope, request.query, CURSORS)
    return page.body(lambda each: each.body())
