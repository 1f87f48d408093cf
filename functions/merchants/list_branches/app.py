"""GET /merchants/{merchant_id}/branches: a merchant's branches."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.applications import views
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff import usecases as staff
from puhui.merchants.staff.model import Branch
from puhui.store import wiring

app = HttpFunction("list-branches")
MERCHANTS = Merchants.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_branches", "GET", "/merchants/{merchant_id}/branches")
def list_branches(request: Request) -> Answer:
    merchant_id, query = request.path["merchant_id"], request.query
    views.require_sight(merchant_id, request.member_id, request.roles, merchants=MERCHANTS)
    page = staff.branches_page(
        merchant_id, query["limit"], query.get("cursor"), merchants=MERCHANTS, cursors=CURSORS()
    )
    return page.body(Branch.body)
