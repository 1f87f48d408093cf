"""GET /merchant/rewards: a merchant's own rewards, for its staff."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import Merchants
from puhui.rewards import offers
from puhui.rewards.catalogue import Catalogue
from puhui.store import wiring

app = HttpFunction("list-merchant-rewards")
CATALOGUE, MERCHANTS = Catalogue.from_environment(), Merchants.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_merchant_rewards", "GET", "/merchant/rewards")
def list_merchant_rewards(request: Request) -> Answer:
    query = request.query
    page = offers.list_own(
        query["merchant_id"],
        request.member_id,
        query["limit"],
        query.get("cursor"),
        catalogue=CATALOGUE,
        merchants=MERCHANTS,
        cursors=CURSORS(),
    )
    return page.body(offers.shown_own)
