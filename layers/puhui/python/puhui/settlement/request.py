"""Who sent a request, when, and under which idempotency key."""

from dataclasses import dataclass
from datetime import datetime

from puhui.kernel import ids


@dataclass(frozen=True)
class RequestContext:
    """``key`` is the idempotency key (None: none was sent), ``body_hash`` is the hash of the body that came with it."""

    member_id: str
    now: datetime
    key: str | None = None
    body_hash: str = ""

    def id(self, *parts: str) -> str:
        """The id of what the request makes: the same id for the same key."""
        return ids.key_id(self.member_id, *parts, self.key) if self.key else ids.new_id(self.now)

    def key_id(self, operation: str, settlement_id: str) -> str:
        """The id of the stored key of a request that makes no item; empty without a key."""
        return ids.key_id(operation, settlement_id, self.member_id, self.key) if self.key else ""
