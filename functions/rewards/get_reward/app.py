"""GET /rewards/{reward_id}: one reward and what is left of it."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import api as merchants
from puhui.rewards import pictures, usecases
from puhui.rewards.catalogue import Catalogue

app = HttpFunction("get-reward")
CATALOGUE = Catalogue.from_environment()
PICTURES = cache(merchants.pictures)


@app.operation("get_reward", "GET", "/rewards/{reward_id}")
def get_reward(request: Request) -> Answer:
    offer = usecases.get_reward(request.path["reward_id"], catalogue=CATALOGUE)
    return usecases.shown_offer(offer, pictures.states_of([offer.reward], pictures=PICTURES))
