"""PUT /reviews/{review_id}/known-answer: keep a decided review to measure verifiers by."""

from puhui.activities.reviews import known
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("keep-known-answer")
ACTIVITIES = Activities.from_environment()


@app.operation("keep_known_answer", "PUT", "/reviews/{review_id}/known-answer")
def keep_known_answer(request: Request) -> Answer:
    known.keep_known(request.path["review_id"], request.scope, reviews=ACTIVITIES.reviews)
    return 204, None
