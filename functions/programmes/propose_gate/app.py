"""PUT /programmes/{programme_id}/gates/{gate}: propose to open or close a gate."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import api, procedure
from puhui.programmes.decisions import Proposal
from puhui.programmes.repository import Programmes

app = HttpFunction("propose-gate")
TABLE = Programmes.from_environment()


@app.operation("propose_gate", "PUT", "/programmes/{programme_id}/gates/{gate}")
def propose_gate(request: Request) -> Answer:
    api.require_scope(request.path["programme_id"], request.scope)
    path, body = request.path, request.body
    wanted = Proposal(
        path["programme_id"], path["gate"], body["open"], body["reason"], request.member_id, request.now, 1
    )
    return procedure.proposal_body(procedure.propose(wanted, table=TABLE))
