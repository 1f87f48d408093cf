"""GET /me/memberships: the programmes that the member takes or took part in."""

from puhui.activities.dynamo import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("list-memberships")
ACTIVITIES = Activities.from_environment()


@app.operation("list_memberships", "GET", "/me/memberships")
def list_memberships(request: Request) -> Answer:
    return {"items": [each.shown() for each in ACTIVITIES.memberships(request.member_id)]}
