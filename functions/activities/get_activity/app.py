"""GET /activities/{activity_id}: one act."""

from puhui.activities import reading
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("get-activity")
ACTIVITIES = Activities.from_environment()


@app.operation("get_activity", "GET", "/activities/{activity_id}")
def get_activity(request: Request) -> Answer:
    activity = reading.get_activity(request.member_id, request.path["activity_id"], activities=ACTIVITIES)
    return reading.activity_body(activity, request.now)
