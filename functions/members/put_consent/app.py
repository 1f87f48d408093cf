"""PUT /me/consents/{purpose}: agree, or withdraw."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Entrustment, Ledger, member
from puhui.members import usecases
from puhui.members.model import Consent
from puhui.members.repository import Members
from puhui.store.session import Session

app = HttpFunction("put-consent")
MEMBERS, LEDGER = Members.from_environment(), Ledger.from_environment()
POOLING = "pooling"


@app.operation("put_consent", "PUT", "/me/consents/{purpose}")
def put_consent(request: Request) -> Answer:
    def entrust(session: Session, said: Consent) -> None:
        answer = Entrustment(said.granted, said.at, said.version)
        LEDGER.put_entrustment(session, member(request.member_id), answer)

    purpose = request.path["purpose"]
    return usecases.put_consent(
        request.member_id,
        purpose,
        request.body["version"],
        granted=request.body["granted"],
        members=MEMBERS,
        now=request.now,
        also=entrust if purpose == POOLING else None,
    ).body()
