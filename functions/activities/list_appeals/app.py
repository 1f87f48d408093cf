"""GET /appeals: the appeals that wait for a decision."""

from functools import cache

from puhui.activities.appeals import usecases
from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.reviews.leasing import Wanted
from puhui.activities.reviews.model import Reviewer
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.store import wiring

app = HttpFunction("list-appeals")
ACTIVITIES = Activities.from_environment()
STORE = EvidenceBucket.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_appeals", "GET", "/appeals")
def list_appeals(request: Request) -> Answer:
    query = request.query
    page = usecases.list_appeals(
        Reviewer(request.member_id, request.org, request.scope),
        Wanted(query.get("programme_id"), query.get("region")),
        query["limit"],
        query.get("cursor"),
        activities=ACTIVITIES,
        cursors=CURSORS,
    )
    return page.body(lambda appeal: usecases.waiting_body(appeal, STORE))
