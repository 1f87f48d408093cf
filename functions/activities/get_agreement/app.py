"""GET /verifiers/{member_id}/agreement: how far a verifier agrees with known answers."""

from puhui.activities.reviews import known
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("get-agreement")
ACTIVITIES = Activities.from_environment()


@app.operation("get_agreement", "GET", "/verifiers/{member_id}/agreement")
def get_agreement(request: Request) -> Answer:
    return known.agreement_body(request.path["member_id"], reviews=ACTIVITIES.reviews)
