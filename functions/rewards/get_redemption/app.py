"""GET /redemptions/{redemption_id}: one of the member's redemptions, its place in the queue, a partner's voucher."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards.redemptions import queue
from puhui.rewards.redemptions.model import FULFILLED
from puhui.rewards.redemptions.views import redemption_body
from puhui.rewards.repositories import Rewards
from puhui.rewards.wiring import sealer

app = HttpFunction("get-redemption")
REWARDS = Rewards.from_environment()
SEALER = cache(sealer)


@app.operation("get_redemption", "GET", "/redemptions/{redemption_id}")
def get_redemption(request: Request) -> Answer:
    redemption_id = request.path["redemption_id"]
    redemption = REWARDS.redemptions.find(request.member_id, redemption_id)
    served = queue.serving(redemption, rewards=REWARDS)
    queue.requeue(redemption, served, rewards=REWARDS, now=request.now)
    body = redemption_body(redemption, served, now=request.now)
    if redemption.voucher and redemption.status == FULFILLED:
        body["voucher"] = SEALER().open(redemption.voucher, redemption_id, "voucher")
    return body
