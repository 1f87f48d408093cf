"""What the rewards refuse, and why.

RewardNotFound, RedemptionNotFound  404  (also: the redemption is somebody else's)
OutOfStock                          409  fewer pieces are left than were asked for
LimitReached                        409  more than one member may have
RewardShrinks, RewardIdTaken        409  what an operator cannot change
QuantityInvalid, RewardInvalid      422
NotEnoughPoints                     409  is the ledger's
"""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, IdempotencyKeyReused, Invalid, NotFound
from puhui.store.session import Moved


class RewardNotFound(NotFound):
    code = "REWARD_NOT_FOUND"
    zh = "没有这个奖品。"
    en = "There is no such reward."


class RedemptionNotFound(NotFound):
    code = "REDEMPTION_NOT_FOUND"
    zh = "没有这次兑换。"
    en = "There is no such redemption, or it is not yours."


class OutOfStock(Conflict):
    """``stock_left``: the pieces that are left, over all shards."""

    code = "OUT_OF_STOCK"
    zh = "库存不足，仅剩 {stock_left} 件。"
    en = "Not enough in stock: {stock_left} left."


class LimitReached(Conflict):
    """``limit``: pieces a member may have; ``taken``: pieces the member has (what stands when the write fails)."""

    code = "REWARD_LIMIT_REACHED"
    zh = "每人限兑 {limit} 件，您已兑换 {taken} 件。"
    en = "Each member may have {limit}; you have {taken}."

    def found(self, item: dict[str, Any] | None) -> DomainError:
        return LimitReached(limit=self.details["limit"], taken=(item or {}).get("taken", 0))


class QuantityInvalid(Invalid):
    code = "QUANTITY_INVALID"
    zh = "一次可兑换 1 到 {most} 件。"
    en = "Redeem 1 to {most} pieces at a time."


class RewardInvalid(Invalid):
    """``field`` of an operator's reward breaks the rule that ``rule`` states in English."""

    code = "REWARD_INVALID"
    zh = "奖品的 {field} 不符合规则：{rule}"
    en = "The reward's {field} breaks a rule: {rule}"


class RewardShrinks(Conflict):
    code = "REWARD_SHRINKS"
    zh = "奖品的 {field} 只能增加，现为 {standing}。"
    en = "A reward's {field} can only grow; it is {standing}."


class RewardIdTaken(Conflict):
    code = "REWARD_ID_TAKEN"
    zh = "这个奖品编号已属于项目 {programme_id}，请换一个编号。"
    en = "This id belongs to a reward of {programme_id}. Choose another."


class RedemptionMade(DomainError):
    """The redemption of this key stands already with this body: whoever retries takes the first answer."""

    code = "REDEMPTION_MADE"


class RedemptionStands(DomainError):
    """The condition of a new redemption: nothing stands under its id. Becomes RedemptionMade or
    IdempotencyKeyReused."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item and item["body_hash"] == self.details["body_hash"]:
            return RedemptionMade()
        return IdempotencyKeyReused()


class ShardMoved(DomainError):
    """The condition of a draw: the shard still holds what is taken from it. Others were quicker: read again."""

    def found(self, item: dict[str, Any] | None) -> DomainError:  # noqa: ARG002 whatever is left is read again
        return Moved()


class RewardMoved(DomainError):
    """The condition of changing a reward: it is still the version that was read."""

    def found(self, item: dict[str, Any] | None) -> DomainError:  # noqa: ARG002 whatever stands there is newer
        return Moved()
