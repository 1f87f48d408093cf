"""POST /redemptions/{redemption_id}/receipt: what was sent has come."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards.redemptions.delivering import confirm
from puhui.rewards.redemptions.views import redemption_body
from puhui.rewards.repositories import Rewards

app = HttpFunction("confirm-delivery")
REWARDS = Rewards.from_environment()


@app.operation("confirm_delivery", "POST", "/redemptions/{redemption_id}/receipt")
def confirm_delivery(request: Request) -> Answer:
    received = confirm(request.member_id, request.path["redemption_id"], rewards=REWARDS, now=request.now)
    return redemption_body(received, now=request.now)
