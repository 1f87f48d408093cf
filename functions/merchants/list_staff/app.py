"""GET /merchants/{merchant_id}/staff: who works for a merchant."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Members
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff import usecases as staff
from puhui.store import wiring

app = HttpFunction("list-staff")
MERCHANTS = Merchants.from_environment()
MEMBERS = Members.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_staff", "GET", "/merchants/{merchant_id}/staff")
def list_staff(request: Request) -> Answer:
    query = request.query
    page = staff.staff_page(
        request.path["merchant_id"],
        request.member_id,
        query["limit"],
        query.get("cursor"),
        merchants=MERCHANTS,
        members=MEMBERS,
        cursors=CURSORS(),
    )
    return page.body(dict)
