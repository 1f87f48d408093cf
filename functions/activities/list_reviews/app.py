"""GET /reviews: the acts that wait for a person."""

from functools import cache

from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.reviews import usecases
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.store import wiring

app = HttpFunction("list-reviews")
ACTIVITIES = Activities.from_environment()
STORE = EvidenceBucket.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_reviews", "GET", "/reviews")
def list_reviews(request: Request) -> Answer:
    query = request.query
    page = usecases.list_reviews(
        query.get("programme_id"),
        query["limit"],
        query.get("cursor"),
        reviews=ACTIVITIES.reviews,
        cursors=CURSORS(),
    )
    return page.body(lambda review: usecases.review_body(review, STORE))
