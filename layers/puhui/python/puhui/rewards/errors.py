"""What a redemption can run into."""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, IdempotencyKeyReused, NotFound
from puhui.store.session import Moved


class RewardNotFound(NotFound):
    code = "REWARD_NOT_FOUND"


class RedemptionNotFound(NotFound):
    code = "REDEMPTION_NOT_FOUND"


class OutOfStock(Conflict):
    code = "OUT_OF_STOCK"
    zh = "已经兑完了。"
    en = "None are left."


class LimitReached(Conflict):
    code = "REWARD_LIMIT_REACHED"
    zh = "每人限兑 {limit} 份。"
    en = "Each member can take {limit}."


class PriceChanged(Moved):
    """The reward changed between reading and writing: read it again."""


class RedemptionStands(DomainError):
    """The condition of a new redemption: nothing was redeemed under its id."""

    code = "REDEMPTION_STANDS"

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item and item["body_hash"] == self.details["body_hash"]:
            return self
        return IdempotencyKeyReused()


class ShardEmpty(DomainError):
    """The condition of taking from a shard of the stock: it holds as many."""

    code = "SHARD_EMPTY"
