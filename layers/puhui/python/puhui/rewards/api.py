"""What other contexts may use of the rewards."""

from puhui.rewards.dynamo import Rewards
from puhui.rewards.model import Redemption

__all__ = ["Redemption", "Rewards"]
