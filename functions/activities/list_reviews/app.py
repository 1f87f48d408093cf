"""GET /reviews: the acts that wait for a person."""

from functools import cache

from puhui.activities import verification
from puhui.activities.dynamo import Activities
from puhui.activities.evidence import EvidenceBucket
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.store import wiring

app = HttpFunction("list-reviews")
ACTIVITIES = Activities.from_environment()
STORE = EvidenceBucket.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_reviews", "GET", "/reviews")
def list_reviews(request: Request) -> Answer:
    query = request.query
    page = verification.list_reviews(
        query.get("programme_id"),
        query["limit"],
        query.get("cursor"),
        activities=ACTIVITIES,
        cursors=CURSORS(),
    )
    return page.body(lambda review: verification.review_shown(review, STORE))
