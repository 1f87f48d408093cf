"""GET /merchant/settlements/{settlement_id}: a merchant's statement, for its owner and managers."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import MANAGER, OWNER, Merchants
from puhui.settlement import statements
from puhui.settlement.dynamo import Settlements

app = HttpFunction("get-statement")
SETTLEMENTS, MERCHANTS = Settlements.from_environment(), Merchants.from_environment()


@app.operation("get_statement", "GET", "/merchant/settlements/{settlement_id}")
def get_statement(request: Request) -> Answer:
    merchant_id = request.query["merchant_id"]
    MERCHANTS.require_staff(merchant_id, request.member_id, OWNER, MANAGER)
    return statements.get_statement(request.path["settlement_id"], merchant_id, settlements=SETTLEMENTS)
