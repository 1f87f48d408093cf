"""POST /me/friends: become friends with the author of the code."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import friends
from puhui.members.codes import Codes
from puhui.members.errors import InvitationInvalid
from puhui.members.repository import Members
from puhui.store.limits import Limits

app = HttpFunction("add-friend")
MEMBERS, LIMITS = Members.from_environment(), Limits.from_environment()
CODES = cache(Codes.from_environment)


@app.operation("add_friend", "POST", "/me/friends")
def add_friend(request: Request) -> Answer:
    with LIMITS.guessing("invitation_guess", request.member_id, request.now, InvitationInvalid):
        friend = friends.befriend(
            request.member_id, request.body["code"], members=MEMBERS, codes=CODES(), now=request.now
        )
    return 201, friend.body()
