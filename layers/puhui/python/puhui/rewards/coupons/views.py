"""Coupons and vouchers as the contract answers them."""

from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.rewards.coupons.model import ISSUED, Coupon
from puhui.rewards.redemptions.model import Redemption
from puhui.store.sealing import Sealer


def spaced(code: str) -> str:
    """The code in groups of four."""
    return "-".join(code[first : first + 4] for first in range(0, len(code), 4))


def coupon_body(coupon: Coupon, now: datetime) -> dict[str, Any]:
    """The contract's ``Coupon``, for its holder."""
    body = {
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
    return body | ({"used_at": clock.to_text(coupon.used_at)} if coupon.used_at else {})


def voucher_body(redemption: Redemption, sealer: Sealer) -> dict[str, Any]:
    """The contract's ``Coupon`` of a partner: its code is the voucher, which the partner honours; only the partner knows its state."""
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


def verification_body(coupon: Coupon) -> dict[str, Any]:
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
