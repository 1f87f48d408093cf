"""DELETE /me/wards/{member_id}: be a child's guardian no longer."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger, entrust
from puhui.members import guardians
from puhui.members.repository import Members

app = HttpFunction("remove-ward")
MEMBERS, LEDGER = Members.from_environment(), Ledger.from_environment()


@app.operation("remove_ward", "DELETE", "/me/wards/{member_id}")
def remove_ward(request: Request) -> Answer:
    child_id = request.path["member_id"]
    guardians.end_guardianship(
        request.member_id, child_id, members=MEMBERS, now=request.now, also=entrust(child_id, LEDGER)
    )
    return 204, None
