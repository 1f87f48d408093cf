"""GET /rewards/{reward_id}: one reward."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import catalogue

app = HttpFunction("get-reward")


@app.operation("get_reward", "GET", "/rewards/{reward_id}")
def get_reward(request: Request) -> Answer:
    return catalogue.reward(request.path["reward_id"]).shown()
