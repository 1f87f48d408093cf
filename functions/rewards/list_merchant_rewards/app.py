"""GET /merchant/rewards: a merchant's own rewards, for its staff."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import api as merchants
from puhui.rewards import offers, pictures
from puhui.rewards.catalogue import Catalogue
from puhui.store import wiring

app = HttpFunction("list-merchant-rewards")
CATALOGUE, MERCHANTS = Catalogue.from_environment(), merchants.Merchants.from_environment()
CURSORS, PICTURES = cache(wiring.cursors), cache(merchants.pictures)


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
    states = pictures.states_of([offer.reward for offer in page.items], pictures=PICTURES)
    return page.body(lambda offer: offers.shown_own(offer, states))
