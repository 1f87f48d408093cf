"""GET /merchants: the certified merchants of a programme."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.applications import views
from puhui.merchants.repositories import Merchants
from puhui.store import wiring

app = HttpFunction("list-merchants")
MERCHANTS = Merchants.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_merchants", "GET", "/merchants")
def list_merchants(request: Request) -> Answer:
    query = request.query
    page = views.list_merchants(
        query["programme_id"],
        query.get("region"),
        query["limit"],
        query.get("cursor"),
        merchants=MERCHANTS,
        cursors=CURSORS(),
    )
    return page.body(lambda merchant: views.summary(merchant.standing))
