"""POST /merchant/coupon-verifications: a merchant's clerk redeems a coupon."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.merchants.api import Merchants
from puhui.rewards.coupons import codes
from puhui.rewards.coupons.usecases import verify
from puhui.rewards.coupons.views import verification_body
from puhui.rewards.errors import CouponNotFound
from puhui.rewards.repositories import Rewards
from puhui.store.limits import Limits

app = HttpFunction("verify-coupon")
REWARDS, MERCHANTS = Rewards.from_environment(), Merchants.from_environment()
LIMITS = Limits.from_environment()


@app.operation("verify_coupon", "POST", "/merchant/coupon-verifications")
def verify_coupon(request: Request) -> Answer:
    body = request.body
    with LIMITS.guessing("coupon_guess", request.member_id, request.now, CouponNotFound):
        used = verify(
            request.member_id,
            codes.code_of(body["code"]),
            body.get("branch_id", ""),
            clock.from_text(body["scanned_at"]) if "scanned_at" in body else None,
            key=request.idempotency_key,
            body_hash=request.body_hash,
            rewards=REWARDS,
            merchants=MERCHANTS,
            now=request.now,
        )
    return 201, verification_body(used)
