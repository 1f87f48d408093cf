"""GET /rewards/{reward_id}: one reward and what is left of it."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import api as merchants
from puhui.rewards.catalogue import pictures, usecases
from puhui.rewards.catalogue.listing import Listing
from puhui.rewards.catalogue.views import offer_body

app = HttpFunction("get-reward")
LISTING = Listing.from_environment()
PICTURES = cache(merchants.pictures)


@app.operation("get_reward", "GET", "/rewards/{reward_id}")
def get_reward(request: Request) -> Answer:
    offer = usecases.get_reward(request.path["reward_id"], listing=LISTING)
    return offer_body(offer, pictures.states_of([offer.reward], pictures=PICTURES))
