"""POST /appeals/{appeal_id}/decision: somebody who has not decided yet accepts or rejects an appeal."""

from puhui.activities.appeals import usecases
from puhui.activities.reviews.model import Reviewer, Vote
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("decide-appeal")
TABLES = Tables.from_environment()


@app.operation("decide_appeal", "POST", "/appeals/{appeal_id}/decision")
def decide_appeal(request: Request) -> Answer:
    body = request.body
    vote = Vote(
        request.member_id, body["decision"], body.get("reason_code", ""), body.get("note", ""), request.now
    )
    reviewer = Reviewer(request.member_id, request.org, request.scope)
    appeal = usecases.decide_appeal(request.path["appeal_id"], reviewer, vote, tables=TABLES, now=request.now)
    return usecases.decision_body(appeal, vote)
