"""What the ledger refuses, and why.

NotEnoughPoints, NotEnoughCredits   409  the balance does not hold what is taken
TransferIdReused                    422  the id was used for another transfer
TransferPosted                      (the same transfer again: a caller that retries takes the first answer)
HoldNotFound                        404
HoldResolved                        409  a hold ends once: posted, voided or expired
HoldRanOut                          409  a hold is not posted after its time
"""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, IdempotencyKeyReused, NotFound
from puhui.store.conditions import OptimisticLockFailed


class NotEnough(Conflict):
    """``needed`` and ``available`` are integers of the asset's unit."""


class NotEnoughPoints(NotEnough):
    code = "NOT_ENOUGH_POINTS"
    zh = "积分不足：需要 {needed}，可用 {available}。"
    en = "Not enough points: {needed} needed, {available} available."


class NotEnoughCredits(NotEnough):
    code = "NOT_ENOUGH_CREDITS"
    zh = "减排量不足：需要 {needed} 毫克，可用 {available} 毫克。"
    en = "Not enough credits: {needed} mg needed, {available} mg available."


class NotEnoughMoney(NotEnough):
    code = "NOT_ENOUGH_MONEY"
    zh = "余额不足：需要 {needed} 分，可用 {available} 分。"
    en = "Not enough money: {needed} fen needed, {available} fen available."


def not_enough(field: str, needed: int, available: int) -> NotEnough:
    """The error for the balance's ``field``."""
    kind = {"points": NotEnoughPoints, "fen": NotEnoughMoney}.get(field, NotEnoughCredits)
    return kind(needed=needed, available=available)


class TransferIdReused(IdempotencyKeyReused):
    code = "TRANSFER_ID_REUSED"
    zh = "这个转账编号已用于另一笔转账。"
    en = "This transfer id stands for another transfer."


class TransferPosted(DomainError):
    """The transfer with this id and content was posted before. A caller that retries takes the first answer."""

    code = "TRANSFER_POSTED"


class HoldNotFound(NotFound):
    code = "HOLD_NOT_FOUND"


class HoldResolved(Conflict):
    """``state`` is posted, voided or expired; ``transfer_id`` names the transfer that resolved it ("" for none)."""

    code = "HOLD_RESOLVED"
    zh = "这笔冻结已经处理（{state}）。"
    en = "This hold has already been resolved ({state})."


class HoldRanOut(Conflict):
    code = "HOLD_RAN_OUT"
    zh = "这笔冻结已经到期，不能再入账。"
    en = "This hold has run out and can no longer be posted."


class TransferIdFree(DomainError):
    """The condition of a new transfer or hold: its id is free. ``hash`` is its content's. Becomes TransferPosted or TransferIdReused."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item and item["hash"] == self.details["hash"]:
            return TransferPosted(transfer_id=self.details["transfer_id"])
        return TransferIdReused()


class BalanceSuffices(DomainError):
    """The condition of a balance: it holds what is taken (``needs``), and is still the version that was read."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        version = self.details["version"]
        if version is not None and (item or {}).get("v", 0) != version:
            return OptimisticLockFailed()
        for field, needed in self.details["needs"].items():
            available = (item or {}).get(field, 0)
            if available < needed:
                return not_enough(field, needed, available)
        return OptimisticLockFailed()


class HoldPending(DomainError):
    """The condition of a hold's next state: it is pending. Becomes HoldNotFound or HoldResolved."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item is None:
            return HoldNotFound()
        return HoldResolved(state=item["state"], transfer_id=item.get("resolved_by", ""))


class HoldUnchanged(HoldPending):
    """The condition of a hold's new size: it is pending, and promises what was read."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        return OptimisticLockFailed() if item and item["state"] == "pending" else super().found(item)
