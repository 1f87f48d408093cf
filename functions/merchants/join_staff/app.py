"""POST /merchant/staff: join the staff that a code invites to."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Codes, InvitationInvalid
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff import usecases as staff
from puhui.store.limits import Limits

app = HttpFunction("join-staff")
MERCHANTS, LIMITS = Merchants.from_environment(), Limits.from_environment()
CODES = cache(Codes.from_environment)


@app.operation("join_staff", "POST", "/merchant/staff")
def join_staff(request: Request) -> Answer:
    with LIMITS.guessing("invitation_guess", request.member_id, request.now, InvitationInvalid):
        joined = staff.join(
            request.member_id, request.body["code"], merchants=MERCHANTS, codes=CODES(), now=request.now
        )
    return 201, joined.body()
