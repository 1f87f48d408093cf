"""PUT /programmes/{programme_id}/gates/{gate}: propose to open or close a gate."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import procedure
from puhui.programmes.dynamo import Programmes
from puhui.programmes.standing import Proposal

app = HttpFunction("propose-gate")
TABLE = Programmes.from_environment()


@app.operation("propose_gate", "PUT", "/programmes/{programme_id}/gates/{gate}")
def propose_gate(request: Request) -> Answer:
    path, body = request.path, request.body
    wanted = Proposal(
        path["programme_id"], path["gate"], body["open"], body["reason"], request.member_id, request.now, 1
    )
    return procedure.show_proposal(procedure.propose(wanted, table=TABLE))
