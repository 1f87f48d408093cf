"""GET /me/merchants: the merchants that the caller works for."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff import usecases as staff
from puhui.store import wiring

app = HttpFunction("list-my-merchants")
MERCHANTS = Merchants.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_my_merchants", "GET", "/me/merchants")
def list_my_merchants(request: Request) -> Answer:
    query = request.query
    page = staff.my_merchants(
        request.member_id, query["limit"], query.get("cursor"), merchants=MERCHANTS, cursors=CURSORS()
    )
    return page.body(dict)
