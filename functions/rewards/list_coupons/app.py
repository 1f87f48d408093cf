"""GET /coupons: the coupons that the member holds, partners' vouchers among them."""

from functools import cache
from typing import Any

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import coupons
from puhui.rewards.dynamo import Rewards
from puhui.rewards.model import Coupon, Redemption
from puhui.rewards.wiring import sealer
from puhui.store import wiring

app = HttpFunction("list-coupons")
REWARDS = Rewards.from_environment()
CURSORS, SEALER = cache(wiring.cursors), cache(sealer)


@app.operation("list_coupons", "GET", "/coupons")
def list_coupons(request: Request) -> Answer:
    def shown(each: Coupon | Redemption) -> dict[str, Any]:
        if isinstance(each, Coupon):
            return coupons.shown(each, request.now)
        return coupons.shown_voucher(each, SEALER())

    page = coupons.list_coupons(
        request.member_id,
        request.query["limit"],
        request.query.get("cursor"),
        rewards=REWARDS,
        cursors=CURSORS(),
    )
    query = request.query
    return page.body(shown, programme_id=query.get("programme_id"), status=query.get("status"))
