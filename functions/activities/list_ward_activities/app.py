"""GET /me/wards/{member_id}/activities: a child's acts, for its guardian."""

from functools import cache

from puhui.activities import reading
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.store import wiring

app = HttpFunction("list-ward-activities")
ACTIVITIES, MEMBERS = Activities.from_environment(), members.Members.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_ward_activities", "GET", "/me/wards/{member_id}/activities")
def list_ward_activities(request: Request) -> Answer:
    query, child_id = request.query, request.path["member_id"]
    members.require_ward(request.member_id, child_id, request.now, members=MEMBERS)
    page = reading.list_activities(
        child_id,
        query.get("programme_id"),
        query["limit"],
        query.get("cursor"),
        activities=ACTIVITIES,
        cursors=CURSORS(),
    )
    return page.body(
        lambda activity: reading.activity_body(activity, request.now), status=query.get("status")
    )
