"""GET /merchants/{merchant_id}: a merchant, as much of it as the caller may see."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.applications import views
from puhui.merchants.documents.files import DocumentBucket
from puhui.merchants.repositories import Merchants
from puhui.wechat.api import Verdicts

app = HttpFunction("get-merchant")
DEPS = views.ReadDependencies(
    Merchants.from_environment(), DocumentBucket.from_environment(), Verdicts.from_environment()
)


@app.operation("get_merchant", "GET", "/merchants/{merchant_id}")
def get_merchant(request: Request) -> Answer:
    return views.merchant_body(request.path["merchant_id"], request.member_id, request.roles, deps=DEPS)
