"""DELETE /me/household: be a household alone."""

from puhui.activities import households
from puhui.activities.dynamo import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("leave-household")
ACTIVITIES = Activities.from_environment()


@app.operation("leave_household", "DELETE", "/me/household")
def leave_household(request: Request) -> Answer:
    households.leave(request.member_id, activities=ACTIVITIES, now=request.now)
    return 204, None
