"""GET /redemptions/{redemption_id}: one of the member's redemptions, its place in the queue, a partner's voucher."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import usecases
from puhui.rewards.dynamo import Rewards
from puhui.rewards.model import FULFILLED
from puhui.rewards.wiring import sealer

app = HttpFunction("get-redemption")
REWARDS = Rewards.from_environment()
SEALER = cache(sealer)


@app.operation("get_redemption", "GET", "/redemptions/{redemption_id}")
def get_redemption(request: Request) -> Answer:
    redemption_id = request.path["redemption_id"]
    redemption = usecases.get_redemption(request.member_id, redemption_id, rewards=REWARDS)
    served = usecases.serving(redemption, rewards=REWARDS)
    usecases.knock(redemption, served, rewards=REWARDS, now=request.now)
    told = usecases.shown(redemption, served, now=request.now)
    if redemption.voucher and redemption.status == FULFILLED:
        told["voucher"] = SEALER().open(redemption.voucher, redemption_id, "voucher")
    return told
