"""GET /coupons/{coupon_id}: one coupon, with the text of its QR code."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import codes, coupons
from puhui.rewards.dynamo import Rewards

app = HttpFunction("get-coupon")
REWARDS = Rewards.from_environment()


@app.operation("get_coupon", "GET", "/coupons/{coupon_id}")
def get_coupon(request: Request) -> Answer:
    coupon = coupons.get_coupon(request.member_id, request.path["coupon_id"], rewards=REWARDS)
    return {**coupons.shown(coupon, request.now), "qr": codes.qr_of(coupon)}
