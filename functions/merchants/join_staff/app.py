"""POST /merchant/staff: join the staff that a code invites to."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Codes
from puhui.merchants import staff
from puhui.merchants.dynamo import Merchants

app = HttpFunction("join-staff")
MERCHANTS = Merchants.from_environment()
CODES = cache(Codes.from_environment)


@app.operation("join_staff", "POST", "/merchant/staff")
def join_staff(request: Request) -> Answer:
    joined = staff.join(
        request.member_id, request.body["code"], merchants=MERCHANTS, codes=CODES(), now=request.now
    )
    return 201, joined.shown()
