"""DELETE /reviews/{review_id}/lease: a reviewer gives a review back, for others."""

from puhui.activities.reviews import leasing
from puhui.activities.reviews.model import Reviewer
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("decline-review")
ACTIVITIES = Activities.from_environment()


@app.operation("decline_review", "DELETE", "/reviews/{review_id}/lease")
def decline_review(request: Request) -> Answer:
    leasing.decline_review(
        request.path["review_id"],
        request.query["lease"],
        Reviewer(request.member_id, request.org, request.scope),
        reviews=ACTIVITIES.reviews,
        now=request.now,
    )
    return 204, None
