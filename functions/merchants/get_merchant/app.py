"""GET /merchants/{merchant_id}: a merchant, as much of it as the caller may see."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import showing
from puhui.merchants.dynamo import Merchants
from puhui.merchants.files import DocumentBucket
from puhui.wechat.api import Verdicts

app = HttpFunction("get-merchant")
SHELF = showing.Shelf(
    Merchants.from_environment(), DocumentBucket.from_environment(), Verdicts.from_environment()
)


@app.operation("get_merchant", "GET", "/merchants/{merchant_id}")
def get_merchant(request: Request) -> Answer:
    return showing.merchant_shown(request.path["merchant_id"], request.member_id, request.roles, shelf=SHELF)
