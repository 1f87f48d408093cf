"""GET /redemptions/{redemption_id}: one of the member's redemptions."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import usecases
from puhui.rewards.dynamo import Rewards

app = HttpFunction("get-redemption")
REWARDS = Rewards.from_environment()


@app.operation("get_redemption", "GET", "/redemptions/{redemption_id}")
def get_redemption(request: Request) -> Answer:
    redemption_id = request.path["redemption_id"]
    return usecases.shown(usecases.get_redemption(request.member_id, redemption_id, rewards=REWARDS))
