"""GET /merchant-applications: a programme's merchants of one status, for the authority."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.applications import views
from puhui.merchants.repositories import Merchants
from puhui.store import wiring

app = HttpFunction("list-merchant-applications")
MERCHANTS = Merchants.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_merchant_applications", "GET", "/merchant-applications")
def list_merchant_applications(request: Request) -> Answer:
    query = request.query
    page = views.of_status(
        query["programme_id"],
        query["status"],
        query["limit"],
        query.get("cursor"),
        merchants=MERCHANTS,
        cursors=CURSORS(),
    )
    return page.body(views.application_summary)
