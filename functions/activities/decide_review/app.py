"""POST /reviews/{review_id}/decision: a reviewer approves or refuses."""

from puhui.activities.reviews import usecases
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock

app = HttpFunction("decide-review")
ACTIVITIES = Activities.from_environment()


@app.operation("decide_review", "POST", "/reviews/{review_id}/decision")
def decide_review(request: Request) -> Answer:
    body = request.body
    review = usecases.decide_review(
        request.path["review_id"],
        request.member_id,
        body["decision"],
        body.get("reason_code", ""),
        body.get("note", ""),
        reviews=ACTIVITIES.reviews,
        now=request.now,
    )
    answer = {
        "id": review.id,
        "decision": review.decision,
        "decided_at": clock.to_text(review.decided_at or request.now),
    }
    return {**answer, "reason_code": review.reason_code} if review.reason_code else answer
