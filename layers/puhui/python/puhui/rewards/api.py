"""What other contexts may use of the rewards."""

from puhui.rewards.coupons import expire as expire_coupon
from puhui.rewards.dynamo import Rewards
from puhui.rewards.errors import DueClaimed
from puhui.rewards.items import redemption_from
from puhui.rewards.model import (
    CANCELLED,
    CLOSED,
    DONATION,
    DUE_SHARDS,
    EXPIRED,
    FULFILLED,
    ISSUED,
    ON_SALE,
    PROCESSING,
    QUEUED,
    REFUNDED,
    USED,
    Coupon,
    Due,
    Redemption,
    Reward,
)
from puhui.rewards.usecases import Redeem, leave_queue, redeem

__all__ = [
    "CANCELLED",
    "CLOSED",
    "DONATION",
    "DUE_SHARDS",
    "EXPIRED",
    "FULFILLED",
    "ISSUED",
    "ON_SALE",
    "PROCESSING",
    "QUEUED",
    "REFUNDED",
    "USED",
    "Coupon",
    "Due",
    "DueClaimed",
    "Redeem",
    "Redemption",
    "Reward",
    "Rewards",
    "expire_coupon",
    "leave_queue",
    "redeem",
    "redemption_from",
]
