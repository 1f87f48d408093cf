"""POST /merchants/{merchant_id}/staff-invitations: a code by which others join the staff."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.members.api import Codes
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff import usecases as staff
from puhui.merchants.staff.model import INVITATION_LIFE

app = HttpFunction("invite-staff")
MERCHANTS = Merchants.from_environment()
CODES = cache(Codes.from_environment)


@app.operation("invite_staff", "POST", "/merchants/{merchant_id}/staff-invitations")
def invite_staff(request: Request) -> Answer:
    code = staff.invite(
        request.path["merchant_id"],
        request.member_id,
        request.body["role"],
        request.body.get("branch_id", ""),
        merchants=MERCHANTS,
        codes=CODES(),
        now=request.now,
    )
    return 201, {"code": code, "expires_at": clock.to_text(request.now + INVITATION_LIFE)}
