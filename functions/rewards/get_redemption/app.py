"""GET /redemptions/{redemption_id}: one redemption."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import usecases
from puhui.rewards.dynamo import Rewards

app = HttpFunction("get-redemption")
REWARDS = Rewards.from_environment()


@app.operation("get_redemption", "GET", "/redemptions/{redemption_id}")
def get_redemption(request: Request) -> Answer:
    return usecases.get_redemption(request.member_id, request.path["redemption_id"], rewards=REWARDS).shown()
