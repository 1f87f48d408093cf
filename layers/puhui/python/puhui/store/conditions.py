"""What most conditions of writes mean. A context adds its own error only where the caller can act upon it.

session.put(table, item, unless="entry", error=SameRequest(body_hash=...))       # made once, whoever retries
session.put(table, item, condition="v = :v", values=..., error=OptimisticLockFailed())  # read, decide, write
"""

from typing import Any

from puhui.kernel.errors import DomainError, IdempotencyKeyReused, Unavailable


class OptimisticLockFailed(Unavailable):
    """Somebody else wrote the item after it was read. ``session.attempt`` reads and decides again."""


class AlreadyExists(DomainError):
    """The same request made this item before: its caller gets the first answer. ``item`` is what was made. No client ever gets this
    error."""

    code = "ALREADY_EXISTS"


class SameRequest(DomainError):
    """The condition of an item that one request makes: its id is free. ``body_hash`` is the request's. Where the id is taken it becomes
    AlreadyExists for the same request and IdempotencyKeyReused for another one."""

    code = "SAME_REQUEST"

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item and item.get("body_hash") == self.details["body_hash"]:
            return AlreadyExists(item=item)
        return IdempotencyKeyReused()
