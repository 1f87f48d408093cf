"""What the ledger refuses, and why.

NotEnoughPoints, NotEnoughCredits   409  the balance does not hold what is taken
TransferIdReused                    422  the id stands for another transfer
TransferPosted                      (the same transfer again: not an error for callers that retry)
TransferNotFound, HoldNotFound      404
HoldResolved                        409  a hold ends once: posted, voided or expired
AlreadyReversed                     409
"""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, IdempotencyKeyReused, NotFound
from puhui.store.session import Moved


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
    """The transfer with this id and content stands already: whoever retries takes the first answer."""

    code = "TRANSFER_POSTED"


class TransferNotFound(NotFound):
    code = "TRANSFER_NOT_FOUND"


class HoldNotFound(NotFound):
    code = "HOLD_NOT_FOUND"


class HoldResolved(Conflict):
    """``state`` is posted, voided or expired; ``transfer_id`` names the transfer that resolved it ("" for none)."""

    code = "HOLD_RESOLVED"
    zh = "这笔冻结已经处理（{state}）。"
    en = "This hold has already been resolved ({state})."


class HoldNotDue(Conflict):
    code = "HOLD_NOT_DUE"
    zh = "这笔冻结尚未到期。"
    en = "This hold has not run out yet."


class HoldRanOut(Conflict):
    code = "HOLD_RAN_OUT"
    zh = "这笔冻结已经到期，不能再入账。"
    en = "This hold has run out and can no longer be posted."


class NotReversible(Conflict):
    code = "NOT_REVERSIBLE"
    zh = "冻结及其解除不能冲正，请处理这笔冻结本身。"
    en = "Holds and their release are not reversed. End the hold itself."


class AlreadyReversed(Conflict):
    """``reversal_id`` names the transfer that reversed it."""

    code = "ALREADY_REVERSED"
    zh = "这笔转账已经冲正。"
    en = "This transfer has already been reversed."


class TransferStands(DomainError):
    """The condition of a transfer's item: nothing stands under its id. Becomes TransferPosted or TransferIdReused."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item and item["hash"] == self.details["hash"]:
            return TransferPosted(transfer_id=self.details["transfer_id"])
        return TransferIdReused()


class BalanceMoved(DomainError):
    """The condition of a balance: it holds what is taken, and is still the version that was read."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        version = self.details["version"]
        if version is not None and (item or {}).get("v", 0) != version:
            return Moved()
        for field, needed in self.details["needs"].items():
            available = (item or {}).get(field, 0)
            if available < needed:
                return not_enough(field, needed, available)
        return Moved()


class HoldStands(DomainError):
    """The condition of resolving a hold: it is still pending."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item is None:
            return HoldNotFound()
        return HoldResolved(state=item["state"], transfer_id=item.get("resolved_by", ""))


class HoldAsRead(HoldStands):
    """The condition of a hold's new size: it is still pending, and promises what was read."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        return Moved() if item and item["state"] == "pending" else super().found(item)


class ReversalStands(DomainError):
    """The condition of a reversal: the transfer has not been reversed."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        return AlreadyReversed(reversal_id=(item or {}).get("reversal_id", ""))
