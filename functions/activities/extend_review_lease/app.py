"""PUT /reviews/{review_id}/lease: a reviewer has a review for longer."""

from puhui.activities.reviews import leasing
from puhui.activities.reviews.model import Reviewer
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("extend-review-lease")
ACTIVITIES = Activities.from_environment()


@app.operation("extend_review_lease", "PUT", "/reviews/{review_id}/lease")
def extend_review_lease(request: Request) -> Answer:
    extended = leasing.extend_lease(
        request.path["review_id"],
        request.body["lease"],
        Reviewer(request.member_id, request.org, request.scope),
        reviews=ACTIVITIES.reviews,
        now=request.now,
    )
    return leasing.lease_body(extended)
