"""PUT /me/wards/{member_id}/consents/{purpose}: a guardian agrees for a child, or withdraws."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger, entrust
from puhui.members import usecases
from puhui.members.repository import Members

app = HttpFunction("put-ward-consent")
MEMBERS, LEDGER = Members.from_environment(), Ledger.from_environment()


@app.operation("put_ward_consent", "PUT", "/me/wards/{member_id}/consents/{purpose}")
def put_ward_consent(request: Request) -> Answer:
    child_id = request.path["member_id"]
    return usecases.put_consent(
        child_id,
        request.path["purpose"],
        request.body["version"],
        granted=request.body["granted"],
        members=MEMBERS,
        now=request.now,
        also=entrust(child_id, LEDGER),
        guardian_id=request.member_id,
    ).body()
