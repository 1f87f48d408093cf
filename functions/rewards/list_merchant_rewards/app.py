"""GET /merchant/rewards: a merchant's own rewards, for its staff."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import api as merchants
from puhui.rewards.catalogue import offers, pictures
from puhui.rewards.catalogue.listing import Listing
from puhui.rewards.catalogue.views import own_body
from puhui.store import wiring

app = HttpFunction("list-merchant-rewards")
LISTING, MERCHANTS = Listing.from_environment(), merchants.Merchants.from_environment()
CURSORS, PICTURES = cache(wiring.cursors), cache(merchants.pictures)


@app.operation("list_merchant_rewards", "GET", "/merchant/rewards")
def list_merchant_rewards(request: Request) -> Answer:
    query = request.query
    page = offers.list_own(
        query["merchant_id"],
        request.member_id,
        query["limit"],
        query.get("cursor"),
        listing=LISTING,
        merchants=MERCHANTS,
        cursors=CURSORS(),
    )
    states = pictures.states_of([offer.reward for offer in page.items], pictures=PICTURES)
    return page.body(lambda offer: own_body(offer, states))
