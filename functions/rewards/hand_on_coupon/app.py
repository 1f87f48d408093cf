"""POST /coupons/{coupon_id}/transfer: give a coupon to a friend, where the programme allows it."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.rewards.coupons.usecases import hand_on
from puhui.rewards.repositories import Rewards

app = HttpFunction("hand-on-coupon")
REWARDS, MEMBERS = Rewards.from_environment(), members.Members.from_environment()


@app.operation("hand_on_coupon", "POST", "/coupons/{coupon_id}/transfer")
def hand_on_coupon(request: Request) -> Answer:
    friend_id = request.body["friend_id"]
    members.require_friends(request.member_id, friend_id, members=MEMBERS)
    coupon_id = hand_on(
        request.member_id,
        request.path["coupon_id"],
        friend_id,
        key=request.idempotency_key,
        body_hash=request.body_hash,
        rewards=REWARDS,
        now=request.now,
    )
    return 201, {"coupon_id": coupon_id, "friend_id": friend_id}
