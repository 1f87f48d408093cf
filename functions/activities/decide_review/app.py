"""POST /reviews/{review_id}/decision: a reviewer approves or refuses."""

from puhui.activities.reviews import reversals, usecases
from puhui.activities.reviews.model import Reviewer, Vote
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("decide-review")
TABLES = Tables.from_environment()


@app.operation("decide_review", "POST", "/reviews/{review_id}/decision")
def decide_review(request: Request) -> Answer:
    body = request.body
    vote = Vote(
        request.member_id, body["decision"], body.get("reason_code", ""), body.get("note", ""), request.now
    )
    review = usecases.decide_review(
        request.path["review_id"],
        Reviewer(request.member_id, request.org, request.scope),
        vote,
        body.get("lease"),
        reviews=TABLES.activities.reviews,
        effects=reversals.effects(TABLES, request.now),
    )
    return usecases.decision_body(review, vote)
