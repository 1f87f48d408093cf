"""POST /redemptions/{redemption_id}/receipt: what was sent has come."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import delivery, usecases
from puhui.rewards.dynamo import Rewards

app = HttpFunction("confirm-delivery")
REWARDS = Rewards.from_environment()


@app.operation("confirm_delivery", "POST", "/redemptions/{redemption_id}/receipt")
def confirm_delivery(request: Request) -> Answer:
    received = delivery.confirm(
        request.member_id, request.path["redemption_id"], rewards=REWARDS, now=request.now
    )
    return usecases.shown(received, now=request.now)
