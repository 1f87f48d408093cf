"""GET /activities/{activity_id}/explanation: why this number."""

from puhui.activities import reading
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import published

app = HttpFunction("explain-activity")
published.from_environment()
ACTIVITIES = Activities.from_environment()


@app.operation("explain_activity", "GET", "/activities/{activity_id}/explanation")
def explain_activity(request: Request) -> Answer:
    return reading.explain_activity(request.member_id, request.path["activity_id"], activities=ACTIVITIES)
