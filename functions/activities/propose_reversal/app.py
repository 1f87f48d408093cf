"""POST /activities/{activity_id}/reversal: an operator proposes to take back what an act gave."""

from puhui.activities.reviews import reversals, usecases
from puhui.activities.reviews.model import Reviewer
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members

app = HttpFunction("propose-reversal")
ACTIVITIES = Activities.from_environment()
MEMBERS = members.Members.from_environment()


@app.operation("propose_reversal", "POST", "/activities/{activity_id}/reversal")
def propose_reversal(request: Request) -> Answer:
    body = request.body
    review = reversals.propose_reversal(
        body["member_id"],
        request.path["activity_id"],
        Reviewer(request.member_id, request.org, request.scope),
        body["reason_code"],
        body["note"],
        activities=ACTIVITIES,
        now=request.now,
        org=members.org_of(body["member_id"], members=MEMBERS),
    )
    return 201, usecases.decision_body(review, review.votes[0])
