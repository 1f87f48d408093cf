"""GET /rewards/{reward_id}: one reward and what is left of it."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import usecases
from puhui.rewards.catalogue import Catalogue

app = HttpFunction("get-reward")
CATALOGUE = Catalogue.from_environment()


@app.operation("get_reward", "GET", "/rewards/{reward_id}")
def get_reward(request: Request) -> Answer:
    return usecases.shown_offer(usecases.get_reward(request.path["reward_id"], catalogue=CATALOGUE))
