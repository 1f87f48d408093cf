"""GET /me/household: whom the member shares caps with, and the code by which others join."""

from functools import cache

from puhui.activities.households import usecases
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.members import api as members

app = HttpFunction("get-household")
ACTIVITIES = Activities.from_environment()
CODES = cache(members.Codes.from_environment)


@app.operation("get_household", "GET", "/me/household")
def get_household(request: Request) -> Answer:
    household = usecases.find(request.member_id, households=ACTIVITIES.households, now=request.now)
    code = CODES().write(members.HOUSEHOLD, request.member_id, request.now)
    return {**household, "code": code, "expires_at": clock.to_text(request.now + members.LIFE)}
