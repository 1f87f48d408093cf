"""What other contexts may use of the rewards."""

from puhui.rewards.catalogue.model import CLOSED, DONATION, ON_SALE, Reward
from puhui.rewards.coupons.model import EXPIRED, ISSUED, USED, Coupon
from puhui.rewards.errors import PayableClaimed
from puhui.rewards.payables import PAYABLE_SHARDS, Payable
from puhui.rewards.redemptions.decision import Redeem
from puhui.rewards.redemptions.model import (
    CANCELLED,
    FULFILLED,
    PROCESSING,
    QUEUED,
    REFUNDED,
    Redemption,
)
from puhui.rewards.redemptions.queue import leave_queue
from puhui.rewards.redemptions.repository import REDEMPTION
from puhui.rewards.redemptions.usecases import redeem
from puhui.rewards.repositories import Rewards

__all__ = [
    "CANCELLED",
    "CLOSED",
    "DONATION",
    "EXPIRED",
    "FULFILLED",
    "ISSUED",
    "ON_SALE",
    "PAYABLE_SHARDS",
    "PROCESSING",
    "QUEUED",
    "REDEMPTION",
    "REFUNDED",
    "USED",
    "Coupon",
    "Payable",
    "PayableClaimed",
    "Redeem",
    "Redemption",
    "Reward",
    "Rewards",
    "leave_queue",
    "redeem",
]
