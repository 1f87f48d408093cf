"""POST /rewards/{reward_id}/deliveries/{redemption_id}/dispatch: it was sent, or given."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards.redemptions.delivering import dispatch, dispatched_body
from puhui.rewards.repositories import Rewards

app = HttpFunction("dispatch-delivery")
REWARDS = Rewards.from_environment()


@app.operation("dispatch_delivery", "POST", "/rewards/{reward_id}/deliveries/{redemption_id}/dispatch")
def dispatch_delivery(request: Request) -> Answer:
    sent = dispatch(
        request.path["reward_id"],
        request.path["redemption_id"],
        request.body["reference"],
        request.body.get("carrier", ""),
        rewards=REWARDS,
        now=request.now,
    )
    return dispatched_body(sent)
