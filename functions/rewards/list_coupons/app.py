"""GET /coupons: the coupons that the member holds, partners' vouchers among them."""

from functools import cache
from typing import Any

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards.coupons.model import Coupon
from puhui.rewards.coupons.usecases import list_coupons as page_of_coupons
from puhui.rewards.coupons.views import coupon_body, voucher_body
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.repositories import Rewards
from puhui.rewards.wiring import sealer
from puhui.store import wiring

app = HttpFunction("list-coupons")
REWARDS = Rewards.from_environment()
CURSORS, SEALER = cache(wiring.cursors), cache(sealer)


@app.operation("list_coupons", "GET", "/coupons")
def list_coupons(request: Request) -> Answer:
    def body(each: Coupon | Redemption) -> dict[str, Any]:
        if isinstance(each, Coupon):
            return coupon_body(each, request.now)
        return voucher_body(each, SEALER())

    page = page_of_coupons(
        request.member_id,
        request.query["limit"],
        request.query.get("cursor"),
        rewards=REWARDS,
        cursors=CURSORS(),
    )
    query = request.query
    return page.body(body, programme_id=query.get("programme_id"), status=query.get("status"))
