"""DELETE /programmes/{programme_id}/memberships/me: take part no longer."""

from puhui.activities import memberships
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("leave-programme")
ACTIVITIES = Activities.from_environment()


@app.operation("leave_programme", "DELETE", "/programmes/{programme_id}/memberships/me")
def leave_programme(request: Request) -> Answer:
    memberships.leave(
        request.member_id, request.path["programme_id"], memberships=ACTIVITIES.memberships, now=request.now
    )
    return 204, None
