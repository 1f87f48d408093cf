"""What a coupon is, and when it can be used. Pure values and rules.

| status | moved on by | its holder sees |
|---|---|---|
| issued | a till (``verify``); holder (``hand_on``, cancellation of all of a redemption's) | ``issued``; ``expired`` from ``expires_at`` on |
| used | final; a settlement claims it | ``used`` |
| expired | final; written OFFLINE_GRACE after ``expires_at`` (``expire``) | ``expired`` |
| cancelled | final | ``cancelled`` |

Every write raises ``version`` and needs the version that was read; a coupon that is handed on keeps counting.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from puhui.kernel import clock, ids
from puhui.programmes.api import CouponRule
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.errors import CouponNotUsable, CouponUsed, ScanTimeInvalid
from puhui.rewards.redemptions.model import Redemption

ISSUED, USED, EXPIRED, CANCELLED = "issued", "used", "expired", "cancelled"
CODE_LETTERS, CODE_LENGTH = ids.ALPHABET, 12  # 60 bits of chance
OFFLINE_GRACE = timedelta(hours=72)  # how late a till that was off line may submit what it verified


@dataclass(frozen=True)
class Coupon:
    """One piece that a merchant's staff hand out for a code. ``member_id``: who holds it; ``redeemer_id``: whose points
    paid for it; ``returned_in``: the stock's report mark when it ended and its piece came back."""

    id: str
    member_id: str
    redeemer_id: str
    redemption_id: str
    reward_id: str
    programme_id: str
    kind: str
    title: Mapping[str, str]
    price_points: int
    merchant_id: str
    budget_id: str
    fen: int
    regions: tuple[str, ...]
    code: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime
    transferable: bool
    returns_points: bool
    version: int = 1
    status: str = ISSUED
    used_at: datetime | None = None
    branch_id: str = ""
    verification_id: str = ""
    returned_in: str = ""
    payable_id: str = ""
    settlement_id: str = ""

    @property
    def number(self) -> int:
        """Which of its redemption's pieces it is, from 0."""
        return int(self.id.rpartition("-")[2])

    def status_at(self, now: datetime) -> str:
        """``expired`` from ``expires_at`` on, whether or not that has been written yet."""
        return EXPIRED if self.status == ISSUED and now >= self.expires_at else self.status


def new_code() -> str:
    """A coupon's code for the till: nobody can guess it."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def coupons_of(
    redemption: Redemption, reward: Reward, rule: CouponRule, codes: Sequence[str], now: datetime
) -> list[Coupon]:
    """The coupons of a redemption, one a piece, with the terms of this moment."""
    return [
        Coupon(
            id=f"{redemption.id}-{number}",
            member_id=redemption.member_id,
            redeemer_id=redemption.member_id,
            redemption_id=redemption.id,
            reward_id=reward.id,
            programme_id=reward.programme_id,
            kind=reward.kind,
            title=redemption.title,
            price_points=redemption.price_points,
            merchant_id=reward.merchant_id,
            budget_id=reward.budget_id,
            fen=reward.fen,
            regions=reward.regions,
            code=code,
            issued_at=now,
            expires_at=clock.day_start(clock.programme_day(now) + timedelta(days=reward.valid_days + 1)),
            transferable=rule.transfer,
            returns_points=rule.returns_points,
        )
        for number, code in enumerate(codes)
    ]


def new_coupons(redemption: Redemption, reward: Reward, rule: CouponRule, now: datetime) -> list[Coupon]:
    """The same, with new codes."""
    codes = [new_code() for _ in redemption.coupons]
    return coupons_of(redemption, reward, rule, codes, now)


def usable_at(coupon: Coupon, now: datetime, scanned_at: datetime | None) -> datetime:
    """When a coupon that is submitted ``now`` was used: now or, at a till that was off line, at ``scanned_at``. A till's clock may be
    ahead of ours by CLOCK_SKEW: that counts as now.

    Raises ScanTimeInvalid, CouponUsed, CouponNotUsable.
    """
    at = scanned_at or now
    if now < at <= now + clock.CLOCK_SKEW:
        at = now
    if not (now - OFFLINE_GRACE <= at <= now and coupon.issued_at <= at + timedelta(seconds=1)):
        raise ScanTimeInvalid(hours=OFFLINE_GRACE // timedelta(hours=1))
    if coupon.status == USED and coupon.used_at:
        raise CouponUsed(used_at=clock.to_text(coupon.used_at), branch_id=coupon.branch_id or "-")
    if (status := coupon.status_at(at)) != ISSUED:
        raise CouponNotUsable(status=status)
    return at
