"""GET /reward-proposals: what merchants have proposed, for operators."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import api as merchants
from puhui.rewards.catalogue import offers, pictures
from puhui.rewards.catalogue.listing import Listing
from puhui.rewards.catalogue.views import terms_body
from puhui.store import wiring

app = HttpFunction("list-proposed-rewards")
LISTING = Listing.from_environment()
CURSORS, PICTURES = cache(wiring.cursors), cache(merchants.pictures)


@app.operation("list_proposed_rewards", "GET", "/reward-proposals")
def list_proposed_rewards(request: Request) -> Answer:
    page = offers.list_proposed(
        request.query["programme_id"],
        request.query["limit"],
        request.query.get("cursor"),
        listing=LISTING,
        cursors=CURSORS(),
    )
    states = pictures.states_of(page.items, pictures=PICTURES)
    return page.body(lambda reward: terms_body(reward, states))
