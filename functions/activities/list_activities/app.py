"""GET /activities: the member's acts."""

from functools import cache

from puhui.activities import reading
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.store import wiring

app = HttpFunction("list-activities")
ACTIVITIES = Activities.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_activities", "GET", "/activities")
def list_activities(request: Request) -> Answer:
    query = request.query
    page = reading.list_activities(
        request.member_id,
        query.get("programme_id"),
        query["limit"],
        query.get("cursor"),
        activities=ACTIVITIES,
        cursors=CURSORS(),
    )
    return page.body(
        lambda activity: reading.activity_body(activity, request.now), status=query.get("status")
    )
