"""POST /programmes/{programme_id}/closing/approval: somebody else approves the end that was proposed."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.journal import wiring
from puhui.journal.dynamo import Journal
from puhui.journal.usecases import add_decision
from puhui.programmes import api, procedure
from puhui.programmes.decisions import CLOSING, Proposal
from puhui.programmes.repository import Programmes
from puhui.store.session import Session

app = HttpFunction("approve-closing")
TABLE, JOURNAL = Programmes.from_environment(), Journal.from_environment()
PEPPER = cache(wiring.pepper)


@app.operation("approve_closing", "POST", "/programmes/{programme_id}/closing/approval")
def approve_closing(request: Request) -> Answer:
    api.require_scope(request.path["programme_id"], request.scope)

    def publish(session: Session, made: Proposal) -> None:
        add_decision(
            session,
            made.programme_id,
            made.subject,
            made.number,
            made.decision,
            made.reason,
            JOURNAL,
            PEPPER(),
            request.now,
        )

    approved = procedure.approve(
        request.path["programme_id"],
        CLOSING,
        request.member_id,
        request.body["hash"],
        request.now,
        table=TABLE,
        also=publish,
    )
    return procedure.proposal_body(approved)
