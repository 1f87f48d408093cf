"""PUT /me/consents/{purpose}: agree, or withdraw."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger, entrust
from puhui.members import usecases
from puhui.members.repository import Members

app = HttpFunction("put-consent")
MEMBERS, LEDGER = Members.from_environment(), Ledger.from_environment()


@app.operation("put_consent", "PUT", "/me/consents/{purpose}")
def put_consent(request: Request) -> Answer:
    return usecases.put_consent(
        request.member_id,
        request.path["purpose"],
        request.body["version"],
        granted=request.body["granted"],
        members=MEMBERS,
        now=request.now,
        also=entrust(request.member_id, LEDGER),
    ).body()
