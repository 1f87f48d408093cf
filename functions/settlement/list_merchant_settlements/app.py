"""GET /merchant/settlements: a merchant's statements, for its owner and managers."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import MANAGER, OWNER, Merchants
from puhui.settlement import statements
from puhui.settlement.dynamo import Settlements
from puhui.store import wiring

app = HttpFunction("list-merchant-settlements")
SETTLEMENTS, MERCHANTS = Settlements.from_environment(), Merchants.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_merchant_settlements", "GET", "/merchant/settlements")
def list_merchant_settlements(request: Request) -> Answer:
    query = request.query
    MERCHANTS.require_staff(query["merchant_id"], request.member_id, OWNER, MANAGER)
    return statements.list_of_merchant(
        query["merchant_id"],
        query["limit"],
        query.get("cursor"),
        settlements=SETTLEMENTS,
        cursors=CURSORS(),
    )
