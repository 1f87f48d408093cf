"""PUT /programmes/{programme_id}/closing: propose when a programme ends."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.programmes import api, procedure
from puhui.programmes.decisions import CLOSING, Proposal
from puhui.programmes.repository import Programmes

app = HttpFunction("propose-closing")
TABLE = Programmes.from_environment()


@app.operation("propose_closing", "PUT", "/programmes/{programme_id}/closing")
def propose_closing(request: Request) -> Answer:
    api.require_scope(request.path["programme_id"], request.scope)
    programme_id, body = request.path["programme_id"], request.body
    closes_at = clock.to_text(clock.from_text(body["closes_at"]))
    wanted = Proposal(programme_id, CLOSING, closes_at, body["reason"], request.member_id, request.now, 1)
    return procedure.proposal_body(procedure.propose(wanted, table=TABLE))
