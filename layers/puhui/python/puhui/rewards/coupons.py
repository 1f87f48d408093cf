"""Coupons: the holder's list, verification at the till, handing on, and their end."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.errors import DomainError, IdempotencyKeyReused
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger
from puhui.merchants.api import Merchants, require_active
from puhui.rewards import model
from puhui.rewards.codes import spaced
from puhui.rewards.dynamo import Rewards
from puhui.rewards.errors import (
    CouponNotFound,
    CouponNotHere,
    CouponNotTransferable,
    CouponNotUsable,
    OwnCoupon,
)
from puhui.rewards.model import EXPIRED, FULFILLED, ISSUED, USED, Coupon, Redemption
from puhui.rewards.usecases import add_refund, find, home_of, new_code
from puhui.store.cursors import Cursors
from puhui.store.sealing import Sealer
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
        mine, after = rewards.coupons(member_id, limit, after)
        found += mine
        of = of if after else VOUCHERS
    if of == VOUCHERS and len(found) < limit:
        redeemed, after = rewards.redeemed(member_id, limit - len(found), after)
        found += [each for each in redeemed if each.voucher and each.status == FULFILLED]
        of = of if after else ""
    return Page(found, cursors.write(scope, {"of": of, "after": after} if of else None))


def get_voucher(member_id: str, coupon_id: str, *, rewards: Rewards) -> Redemption:
    """The redemption of a partner's voucher, by the id that it has among the coupons. Raises CouponNotFound."""
    redemption_id, _, number = coupon_id.rpartition("-")
    redemption = rewards.redemption(member_id, redemption_id) if number == "0" else None
    if redemption is None or not redemption.voucher or redemption.status != FULFILLED:
        raise CouponNotFound
    return redemption


def get_coupon(member_id: str, coupon_id: str, *, rewards: Rewards) -> Coupon:
    """One of the coupons that a member holds. Raises CouponNotFound, for somebody else's too."""
    if (coupon := rewards.coupon(member_id, coupon_id)) is None:
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
    """A merchant's clerk takes a coupon, once, whichever tills try. ``scanned_at``: when a till took it that was off line,
    handed in within OFFLINE_GRACE: whoever hands in first has it, the others get CouponUsed.

    Raises CouponNotFound (also for those who are not that merchant's staff), MerchantSuspended, CouponNotHere, CouponUsed,
    CouponNotUsable, OwnCoupon, ScanTimeInvalid, IdempotencyKeyReused.
    """
    request_id = ids.key_id(staff_id, "verify", key) if key else ids.new_id(now)

    def build(session: Session) -> Coupon:
        if key and (done := rewards.request(staff_id, request_id)):
            return _done(done, body_hash, rewards)
        coupon = rewards.coupon_by_code(code)
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
        used_at = model.usable_at(coupon, now, scanned_at)
        used = replace(
            coupon,
            status=USED,
            used_at=used_at,
            branch_id=where,
            verification_id=request_id,
            due_id=ids.derived_id(now, coupon.id, "due"),
        )
        rewards.add_request(session, staff_id, request_id, body_hash, used.id, used.member_id)
        rewards.change_coupon(session, coupon, used)
        if coupon.kind in model.CONFIRMED:
            rewards.confirm(session, coupon, used_at)
        return used

    try:
        return attempt(rewards.dynamodb, build)
    except DomainError as error:
        # The same request, sent twice at once: this one may have read the coupon that the other one has just taken.
        done = rewards.request(staff_id, request_id) if key else None
        if done is None:
            raise error from None
        return _done(done, body_hash, rewards)


def _require_here(coupon: Coupon, branch_id: str, merchants: Merchants) -> None:
    """A branch that is named has to be one of the merchant's, and lie where the coupon counts."""
    if not branch_id:
        if coupon.regions:
            raise CouponNotHere
        return
    branch = merchants.branch(coupon.merchant_id, branch_id)
    if branch is None or not branch.open or not model.lies_in(branch.region, coupon.regions):
        raise CouponNotHere


def _done(done: dict[str, str], body_hash: str, rewards: Rewards) -> Coupon:
    if done["body_hash"] != body_hash:
        raise IdempotencyKeyReused
    return get_coupon(done["place"], done["subject"], rewards=rewards)


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
    request_id = ids.key_id(member_id, "hand on", key) if key else ids.new_id(now)
    body_hash = ids.key_id(coupon_id, body_hash)  # the coupon stands in the path, not in the body

    def build(session: Session) -> str:
        if key and (done := rewards.request(member_id, request_id)):
            if done["body_hash"] != body_hash:
                raise IdempotencyKeyReused
            return done["subject"]
        coupon = get_coupon(member_id, coupon_id, rewards=rewards)
        if not coupon.transferable:
            raise CouponNotTransferable
        if (status := coupon.status_at(now)) != ISSUED:
            raise CouponNotUsable(status=status)
        given = replace(coupon, member_id=friend_id, code=new_code())
        rewards.add_request(session, member_id, request_id, body_hash, given.id, friend_id)
        rewards.remove_coupon(session, coupon)
        rewards.add_coupon(session, given)
        rewards.point_to(session, given)
        return given.id

    try:
        return attempt(rewards.dynamodb, build)
    except DomainError as error:
        # The same request, sent twice at once: the other one may have handed it on before this one looked for it.
        done = rewards.request(member_id, request_id) if key else None
        if done is None or done["body_hash"] != body_hash:
            raise error from None
        return coupon_id


def expire(member_id: str, coupon_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime) -> bool:
    """End a coupon that nobody used, once tills can no longer hand it in: the piece goes back into stock and, where the
    programme says so, its points to whoever redeemed it. Whether it ended now."""

    def build(session: Session) -> bool:
        coupon = rewards.coupon(member_id, coupon_id)
        if coupon is None or coupon.status != ISSUED or now < coupon.expires_at + model.OFFLINE_GRACE:
            return False
        redemption = find(coupon.redeemer_id, coupon.redemption_id, rewards)
        home = home_of(redemption, rewards)
        rewards.change_coupon(session, coupon, replace(coupon, status=EXPIRED, returned_in=home.mark))
        if coupon.returns_points:
            add_refund(
                session,
                redemption,
                coupon.number,
                1,
                f"expired {coupon.number}",
                home,
                rewards=rewards,
                ledger=ledger,
                now=now,
                with_limits=False,
            )
        else:
            counted = replace(redemption, limits=(False, False))
            rewards.give_back(session, counted, 1, home.reward.shards, home.mark)
        return True

    return attempt(rewards.dynamodb, build)


def shown(coupon: Coupon, now: datetime) -> dict[str, Any]:
    """The contract's ``Coupon``, for its holder."""
    told = {
        "id": coupon.id,
        "redemption_id": coupon.redemption_id,
        "reward_id": coupon.reward_id,
        "programme_id": coupon.programme_id,
        "merchant_id": coupon.merchant_id,
        "kind": coupon.kind,
        "title": dict(coupon.title),
        "status": coupon.status_at(now),
        "code": spaced(coupon.code),
        "expires_at": clock.to_text(coupon.expires_at),
        "transferable": coupon.transferable,
        "returns_points": coupon.returns_points,
    }
    return told | ({"used_at": clock.to_text(coupon.used_at)} if coupon.used_at else {})


def shown_voucher(redemption: Redemption, sealer: Sealer) -> dict[str, Any]:
    """The contract's ``Coupon`` of a partner: its code is the voucher, which the partner honours and knows the end of."""
    return {
        "id": f"{redemption.id}-0",
        "redemption_id": redemption.id,
        "reward_id": redemption.reward_id,
        "programme_id": redemption.programme_id,
        "partner_id": redemption.partner_id,
        "kind": redemption.kind,
        "title": dict(redemption.title),
        "status": ISSUED,
        "code": sealer.open(redemption.voucher, redemption.id, "voucher"),
        "transferable": False,
        "returns_points": False,
    }


def shown_verified(coupon: Coupon) -> dict[str, Any]:
    """The contract's ``CouponVerification``: what the till needs, nothing about who holds the coupon."""
    return {
        "coupon_id": coupon.id,
        "reward_id": coupon.reward_id,
        "merchant_id": coupon.merchant_id,
        "branch_id": coupon.branch_id,
        "title": dict(coupon.title),
        "status": coupon.status,
        "used_at": clock.to_text(coupon.used_at) if coupon.used_at else "",
    }
