"""GET /merchant/settlements: a merchant's statements, for its owner and managers."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import MANAGER, OWNER, Merchants
from puhui.settlement.repositories import Repositories
from puhui.settlement.statements import views
from puhui.store import wiring

app = HttpFunction("list-merchant-settlements")
REPOSITORIES, MERCHANTS = Repositories.from_environment(), Merchants.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_merchant_settlements", "GET", "/merchant/settlements")
def list_merchant_settlements(request: Request) -> Answer:
    query = request.query
    MERCHANTS.require_staff(query["merchant_id"], request.member_id, OWNER, MANAGER)
    return views.list_of_merchant(
        query["merchant_id"],
        query["limit"],
        query.get("cursor"),
        repositories=REPOSITORIES,
        cursors=CURSORS(),
    )
