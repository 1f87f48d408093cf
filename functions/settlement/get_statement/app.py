"""GET /merchant/settlements/{settlement_id}: a merchant's statement, for its owner and managers."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import MANAGER, OWNER, Merchants
from puhui.settlement.repositories import Repositories
from puhui.settlement.statements import views

app = HttpFunction("get-statement")
REPOSITORIES, MERCHANTS = Repositories.from_environment(), Merchants.from_environment()


@app.operation("get_statement", "GET", "/merchant/settlements/{settlement_id}")
def get_statement(request: Request) -> Answer:
    merchant_id = request.query["merchant_id"]
    MERCHANTS.require_staff(merchant_id, request.member_id, OWNER, MANAGER)
    return views.get_statement(request.path["settlement_id"], merchant_id, repositories=REPOSITORIES)
