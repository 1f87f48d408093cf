"""GET /reviews: the acts that wait for a person."""

from functools import cache

from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.reviews import usecases
from puhui.activities.reviews.leasing import Wanted
from puhui.activities.reviews.model import Reviewer
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.store import wiring

app = HttpFunction("list-reviews")
ACTIVITIES = Activities.from_environment()
STORE = EvidenceBucket.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_reviews", "GET", "/reviews")
def list_reviews(request: Request) -> Answer:
    query = request.query
    before = query.get("submitted_before")
    page = usecases.list_reviews(
        Reviewer(request.member_id, request.org, request.scope),
        Wanted(
            query.get("programme_id"),
            query.get("region"),
            query.get("cluster"),
            clock.from_text(before) if before else None,
        ),
        query["limit"],
        query.get("cursor"),
        reviews=ACTIVITIES.reviews,
        cursors=CURSORS,
    )
    return page.body(lambda review: usecases.review_body(review, STORE))
