"""GET /coupons/{coupon_id}: one coupon, with the text of its QR code; or a partner's voucher."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import codes, coupons
from puhui.rewards.dynamo import Rewards
from puhui.rewards.errors import CouponNotFound
from puhui.rewards.wiring import sealer

app = HttpFunction("get-coupon")
REWARDS = Rewards.from_environment()
SEALER = cache(sealer)


@app.operation("get_coupon", "GET", "/coupons/{coupon_id}")
def get_coupon(request: Request) -> Answer:
    coupon_id = request.path["coupon_id"]
    try:
        coupon = coupons.get_coupon(request.member_id, coupon_id, rewards=REWARDS)
    except CouponNotFound:
        voucher = coupons.get_voucher(request.member_id, coupon_id, rewards=REWARDS)
        return coupons.shown_voucher(voucher, SEALER())
    return {**coupons.shown(coupon, request.now), "qr": codes.qr_of(coupon)}
