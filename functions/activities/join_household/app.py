"""POST /me/household: move into the household of whoever gave the code."""

from functools import cache

from puhui.activities.households import usecases
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.store.limits import Limits

app = HttpFunction("join-household")
ACTIVITIES, LIMITS = Activities.from_environment(), Limits.from_environment()
CODES = cache(members.Codes.from_environment)


@app.operation("join_household", "POST", "/me/household")
def join_household(request: Request) -> Answer:
    with LIMITS.guessing("invitation_guess", request.member_id, request.now, members.InvitationInvalid):
        invitation = CODES().read(members.HOUSEHOLD, request.body["code"], request.now)
    other_id = members.require_other(invitation, request.member_id)
    return 201, usecases.join(request.member_id, other_id, households=ACTIVITIES.households, now=request.now)
