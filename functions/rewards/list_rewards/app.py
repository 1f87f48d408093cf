"""GET /rewards: what a programme gives for points."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import api as merchants
from puhui.rewards.catalogue import pictures, usecases
from puhui.rewards.catalogue.listing import Listing
from puhui.rewards.catalogue.views import offer_body
from puhui.store import wiring

app = HttpFunction("list-rewards")
LISTING, MERCHANTS = Listing.from_environment(), merchants.Merchants.from_environment()
CURSORS, PICTURES = cache(wiring.cursors), cache(merchants.pictures)


@app.operation("list_rewards", "GET", "/rewards")
def list_rewards(request: Request) -> Answer:
    query = request.query
    page = usecases.list_rewards(
        query["programme_id"],
        query["limit"],
        query.get("cursor"),
        listing=LISTING,
        cursors=CURSORS(),
        merchants=MERCHANTS,
        region=query.get("region", ""),
    )
    states = pictures.states_of([offer.reward for offer in page.items], pictures=PICTURES)
    return page.body(lambda offer: offer_body(offer, states))
