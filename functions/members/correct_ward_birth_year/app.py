"""PUT /me/wards/{member_id}/birth-year: a guardian corrects a child's year of birth."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger, entrust
from puhui.members import guardians
from puhui.members.repository import Members

app = HttpFunction("correct-ward-birth-year")
MEMBERS, LEDGER = Members.from_environment(), Ledger.from_environment()


@app.operation("correct_ward_birth_year", "PUT", "/me/wards/{member_id}/birth-year")
def correct_ward_birth_year(request: Request) -> Answer:
    child_id = request.path["member_id"]
    return guardians.declare(
        child_id,
        request.body["birth_year"],
        members=MEMBERS,
        now=request.now,
        also=entrust(child_id, LEDGER),
        guardian_id=request.member_id,
    ).shown(request.now)
