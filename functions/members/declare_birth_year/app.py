"""PUT /me/birth-year: say when one was born."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger, entrust
from puhui.members import guardians
from puhui.members.repository import Members

app = HttpFunction("declare-birth-year")
MEMBERS, LEDGER = Members.from_environment(), Ledger.from_environment()


@app.operation("declare_birth_year", "PUT", "/me/birth-year")
def declare_birth_year(request: Request) -> Answer:
    return guardians.declare(
        request.member_id,
        request.body["birth_year"],
        members=MEMBERS,
        now=request.now,
        also=entrust(request.member_id, LEDGER),
    ).shown(request.now)
