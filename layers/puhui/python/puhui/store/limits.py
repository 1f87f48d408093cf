"""How often somebody may do what costs the house and pays to abuse: counted by window, each count one conditional write.

    LIMITS().spend("prepare_evidence", member_id, now)                # every call counts: one write unit
    with LIMITS().guessing("coupon_guess", member_id, now, CouponNotFound):
        ...                                                           # wrong ones count; a right one costs one read unit

| item    | counted (hash)                | holds |
|---------|-------------------------------|-------|
| counter | <limit>#<subject>#<window>    | calls, ends (TTL) |

A subject is a member's id or a keyed hash: nothing here says who somebody is.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from puhui.kernel.errors import DomainError, TooManyRequests
from puhui.store.client import ConditionFailed, DynamoDB


class RateLimited(TooManyRequests):
    """``retry_after``: seconds until the window ends."""

    code = "RATE_LIMITED"
    zh = "操作太频繁，请 {retry_after} 秒后再试。"
    en = "Too many of these in a short time. Try again in {retry_after} seconds."


@dataclass(frozen=True)
class Limit:
    """``calls`` in any window of ``seconds``."""

    calls: int
    seconds: int
    why: str


LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "sign_in": Limit(
            100, 600, "by member: each leaves a session for thirty days; WeChat itself allows 100 a minute"
        ),
        "sign_in_code": Limit(
            300, 600, "wrong codes, by address: each asks WeChat; many phones share one address"
        ),
        "update_me": Limit(30, 3600, "by member: each asks WeChat to check the name"),
        "export_me": Limit(5, 86_400, "by member: each reads all that is kept of the member"),
        "prepare_evidence": Limit(100, 3600, "by member: each is a form to store 10 MB with"),
        "prepare_merchant_document": Limit(100, 3600, "by member: each is a form to store 10 MB with"),
        "coupon_guess": Limit(30, 600, "codes that are none, by clerk: a right one is money"),
        "invitation_guess": Limit(30, 600, "codes that are none, by member: friends, households, staff"),
    }
)


@dataclass(frozen=True)
class Limits:
    """The counters, in a table of their own: whoever may count may touch nothing else."""

    dynamodb: DynamoDB
    table: str

    @classmethod
    def from_environment(cls) -> "Limits":
        """The table that LIMITS_TABLE names."""
        return cls(DynamoDB(), os.environ["LIMITS_TABLE"])

    def spend(self, name: str, subject: str, now: datetime) -> None:
        """Count one call. Raises RateLimited when the window is full. One write unit either way."""
        limit = LIMITS[name]
        key, ends = _window(name, subject, now)
        try:
            self.dynamodb.update(
                self.table,
                key,
                "ADD calls :one SET ends = :ends",
                {":one": 1, ":ends": ends, ":max": limit.calls},
                condition="attribute_not_exists(calls) OR calls < :max",
            )
        except ConditionFailed:
            raise _refusal(ends, now) from None

    def require(self, name: str, subject: str, now: datetime) -> None:
        """Raise RateLimited when the window is full; counts nothing. One read unit."""
        key, ends = _window(name, subject, now)
        item = self.dynamodb.get(self.table, key)
        if item and item["calls"] >= LIMITS[name].calls:
            raise _refusal(ends, now)

    @contextmanager
    def guessing(self, name: str, subject: str, now: datetime, *wrong: type[DomainError]) -> Iterator[None]:
        """What is inside may be tried until it raised ``wrong`` too often. Raises RateLimited then, before it is tried."""
        self.require(name, subject, now)
        try:
            yield
        except wrong:
            self.spend(name, subject, now)
            raise


def _window(name: str, subject: str, now: datetime) -> tuple[dict[str, str], int]:
    seconds = LIMITS[name].seconds
    number = int(now.timestamp()) // seconds
    return {"counted": f"{name}#{subject}#{number}"}, (number + 1) * seconds


def _refusal(ends: int, now: datetime) -> RateLimited:
    return RateLimited(retry_after=max(1, ends - int(now.timestamp())))
