"""GET /coupons/{coupon_id}: one coupon, with the text of its QR code; or a partner's voucher."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards.coupons import codes, usecases
from puhui.rewards.coupons.views import coupon_body, voucher_body
from puhui.rewards.errors import CouponNotFound
from puhui.rewards.repositories import Rewards
from puhui.rewards.wiring import sealer

app = HttpFunction("get-coupon")
REWARDS = Rewards.from_environment()
SEALER = cache(sealer)


@app.operation("get_coupon", "GET", "/coupons/{coupon_id}")
def get_coupon(request: Request) -> Answer:
    coupon_id = request.path["coupon_id"]
    try:
        coupon = usecases.get_coupon(request.member_id, coupon_id, rewards=REWARDS)
    except CouponNotFound:
        voucher = usecases.get_voucher(request.member_id, coupon_id, rewards=REWARDS)
        return voucher_body(voucher, SEALER())
    return {**coupon_body(coupon, request.now), "qr": codes.qr_of(coupon)}
