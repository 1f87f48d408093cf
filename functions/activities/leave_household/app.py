"""DELETE /me/household: be a household alone."""

from puhui.activities.households import usecases
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("leave-household")
ACTIVITIES = Activities.from_environment()


@app.operation("leave_household", "DELETE", "/me/household")
def leave_household(request: Request) -> Answer:
    usecases.leave(request.member_id, households=ACTIVITIES.households, now=request.now)
    return 204, None
