"""Coupons: the holder's list, verification at the till, handing on, and expiry."""

from dataclasses import replace
from datetime import datetime

from puhui.kernel import ids
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger
from puhui.merchants.api import Merchants, require_active
from puhui.rewards.catalogue.model import lies_in
from puhui.rewards.coupons.model import EXPIRED, ISSUED, OFFLINE_GRACE, USED, Coupon, new_code, usable_at
from puhui.rewards.errors import (
    CouponNotFound,
    CouponNotHere,
    CouponNotTransferable,
    CouponNotUsable,
    OwnCoupon,
)
from puhui.rewards.redemptions.model import CONFIRMED, FULFILLED, Redemption
from puhui.rewards.redemptions.refunds import add_points_back, origin_of
from puhui.rewards.repositories import Rewards
from puhui.rewards.requests import Done, Request
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

COUPONS, VOUCHERS = "coupons", "vouchers"  # of a list: in this order


def list_coupons(
    member_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors
) -> Page[Coupon | Redemption]:
    """A page of the coupons that a member holds, in the order of their redemptions' ids, then of the redemptions for which a
    partner gave a voucher: one query, two where they meet. A page may hold fewer than ``limit``. Raises CursorInvalid."""
    scope = f"coupons:{member_id}"
    position = cursors.read(scope, cursor) or {"of": COUPONS, "after": None}
    of, after = position["of"], position["after"]
    found: list[Coupon | Redemption] = []
    if of == COUPONS:
        mine, after = rewards.coupons.page(member_id, limit, after)
        found += mine
        of = of if after else VOUCHERS
    if of == VOUCHERS and len(found) < limit:
        redeemed, after = rewards.redemptions.by_id(member_id, limit - len(found), after)
        found += [each for each in redeemed if each.voucher and each.status == FULFILLED]
        of = of if after else ""
    return Page(found, cursors.write(scope, {"of": of, "after": after} if of else None))


def get_voucher(member_id: str, coupon_id: str, *, rewards: Rewards) -> Redemption:
    """The redemption of a partner's voucher, by the id that it has among the coupons. Raises CouponNotFound."""
    redemption_id, _, number = coupon_id.rpartition("-")
    redemption = rewards.redemptions.redemption(member_id, redemption_id) if number == "0" else None
    if redemption is None or not redemption.voucher or redemption.status != FULFILLED:
        raise CouponNotFound
    return redemption


def get_coupon(member_id: str, coupon_id: str, *, rewards: Rewards) -> Coupon:
    """One of the coupons that a member holds. Raises CouponNotFound, for somebody else's too."""
    if (coupon := rewards.coupons.coupon(member_id, coupon_id)) is None:
        raise CouponNotFound
    return coupon


def verify(
    staff_id: str,
    code: str,
    branch_id: str,
    scanned_at: datetime | None,
    *,
    key: str | None,
    body_hash: str,
    rewards: Rewards,
    merchants: Merchants,
    now: datetime,
) -> Coupon:
    """A merchant's clerk redeems a coupon, once, whichever tills try. ``scanned_at``: when a till verified it that was off line,
    submitted within OFFLINE_GRACE: the first submission has it, the others get CouponUsed.

    Raises CouponNotFound (also for those who are not that merchant's staff), MerchantSuspended, CouponNotHere, CouponUsed,
    CouponNotUsable, OwnCoupon, ScanTimeInvalid, IdempotencyKeyReused.
    """
    request = Request.of(staff_id, "verify", key, body_hash, now)

    def build(session: Session) -> Coupon:
        coupon = rewards.coupons.by_code(code)
        staff = merchants.staff_of(coupon.merchant_id, staff_id) if coupon else None
        if coupon is None or staff is None:
            raise CouponNotFound
        if staff_id in (coupon.member_id, coupon.redeemer_id):
            raise OwnCoupon
        require_active(merchants.find_standing(coupon.merchant_id), scanned_at)
        where = branch_id or staff.branch_id
        if staff.branch_id and where != staff.branch_id:
            raise CouponNotHere
        _require_here(coupon, where, merchants)
        used_at = usable_at(coupon, now, scanned_at)
        used = replace(
            coupon,
            status=USED,
            used_at=used_at,
            branch_id=where,
            verification_id=request.id,
            payable_id=ids.derived_id(now, coupon.id, "due"),
        )
        rewards.requests.add(session, request, used.id, used.member_id)
        used = rewards.coupons.change(session, coupon, used)
        if coupon.kind in CONFIRMED:
            rewards.redemptions.confirm_piece(session, coupon.redeemer_id, coupon.redemption_id, used_at)
        return used

    def first_answer(done: Done) -> Coupon:
        return get_coupon(done.place, done.subject, rewards=rewards)

    return rewards.requests.once(request, build, first_answer)


def _require_here(coupon: Coupon, branch_id: str, merchants: Merchants) -> None:
    """A branch that is named has to be one of the merchant's, and lie where the coupon counts."""
    if not branch_id:
        if coupon.regions:
            raise CouponNotHere
        return
    branch = merchants.branch(coupon.merchant_id, branch_id)
    if branch is None or not branch.open or not lies_in(branch.region, coupon.regions):
        raise CouponNotHere


def hand_on(
    member_id: str,
    coupon_id: str,
    friend_id: str,
    *,
    key: str | None,
    body_hash: str,
    rewards: Rewards,
    now: datetime,
) -> str:
    """Give an unused coupon to a friend (the caller has checked that they are friends); its code changes, so that nobody
    else can use it. Its id, as the friend finds it. Points of a coupon that ends go back to whoever redeemed it.

    Raises CouponNotFound, CouponNotTransferable, CouponNotUsable, IdempotencyKeyReused.
    """
    coupon_hash = ids.key_id(coupon_id, body_hash)  # the coupon is in the path, not in the body
    request = Request.of(member_id, "hand on", key, coupon_hash, now)

    def build(session: Session) -> str:
        coupon = get_coupon(member_id, coupon_id, rewards=rewards)
        if not coupon.transferable:
            raise CouponNotTransferable
        if (status := coupon.status_at(now)) != ISSUED:
            raise CouponNotUsable(status=status)
        given = replace(coupon, member_id=friend_id, code=new_code())
        rewards.requests.add(session, request, given.id, friend_id)
        rewards.coupons.hand_on(session, coupon, given)
        return given.id

    return rewards.requests.once(request, build, lambda done: done.subject)


def expire(member_id: str, coupon_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime) -> bool:
    """Expire a coupon that nobody used, once tills can no longer submit it: the piece goes back into stock and, where the
    programme says so, its points to whoever redeemed it. Whether it expired now."""

    def build(session: Session) -> bool:
        coupon = rewards.coupons.coupon(member_id, coupon_id)
        if coupon is None or coupon.status != ISSUED or now < coupon.expires_at + OFFLINE_GRACE:
            return False
        redemption = rewards.redemptions.find(coupon.redeemer_id, coupon.redemption_id)
        origin = origin_of(redemption, rewards)
        rewards.coupons.change(session, coupon, replace(coupon, status=EXPIRED, returned_in=origin.mark))
        if coupon.returns_points:
            why = f"expired {coupon.number}"
            add_points_back(session, redemption, coupon.number, 1, why, ledger=ledger, now=now)
        rewards.stock.give_back(session, origin.reward, redemption.member_id, 1, origin.mark)
        return True

    return attempt(rewards.dynamodb, build)
