"""GET /coupons: the coupons that the member holds."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import coupons
from puhui.rewards.dynamo import Rewards
from puhui.store import wiring

app = HttpFunction("list-coupons")
REWARDS = Rewards.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_coupons", "GET", "/coupons")
def list_coupons(request: Request) -> Answer:
    page = coupons.list_coupons(
        request.member_id,
        request.query["limit"],
        request.query.get("cursor"),
        rewards=REWARDS,
        cursors=CURSORS(),
    )
    query = request.query
    return page.body(
        lambda coupon: coupons.shown(coupon, request.now),
        programme_id=query.get("programme_id"),
        status=query.get("status"),
    )
