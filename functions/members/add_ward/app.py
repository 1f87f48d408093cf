"""POST /me/wards: take a child in charge, by the child's code and the notice that was read."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import guardians
from puhui.members.codes import Codes
from puhui.members.errors import InvitationInvalid
from puhui.members.repository import Members
from puhui.store.limits import Limits

app = HttpFunction("add-ward")
MEMBERS, LIMITS = Members.from_environment(), Limits.from_environment()
CODES = cache(Codes.from_environment)


@app.operation("add_ward", "POST", "/me/wards")
def add_ward(request: Request) -> Answer:
    body = request.body
    with LIMITS.guessing("invitation_guess", request.member_id, request.now, InvitationInvalid):
        child = guardians.become_guardian(
            request.member_id,
            body["code"],
            body["version"],
            body["purposes"],
            members=MEMBERS,
            codes=CODES(),
            now=request.now,
        )
    return 201, child.shown(request.now)
