"""Rewards and redemptions as values."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from puhui.kernel import clock

FULFILLED = "fulfilled"
SHARDS_MAX = 64


@dataclass(frozen=True)
class Reward:
    """Something that points buy. ``stock_left`` is the sum over the shards of its stock, as read."""

    id: str
    programme_id: str
    kind: str
    title: Mapping[str, str]
    price_points: int
    stock_total: int
    shards: int
    per_member_limit: int | None
    stock_left: int = 0

    def shown(self) -> dict[str, Any]:
        """The reward of the contract."""
        return {
            "id": self.id,
            "programme_id": self.programme_id,
            "kind": self.kind,
            "title": dict(self.title),
            "price_points": self.price_points,
            "stock_left": self.stock_left,
            "per_member_limit": self.per_member_limit,
        }


@dataclass(frozen=True)
class Redemption:
    """Points given for a reward; ``points`` is what it cost then."""

    id: str
    member_id: str
    programme_id: str
    reward_id: str
    quantity: int
    points: int
    status: str
    redeemed_at: datetime
    transfer_id: str
    body_hash: str = ""
    delivery: bytes = field(default=b"", repr=False)  # sealed

    def shown(self) -> dict[str, Any]:
        """The redemption of the contract."""
        return {
            "id": self.id,
            "reward_id": self.reward_id,
            "quantity": self.quantity,
            "status": self.status,
            "points": self.points,
            "redeemed_at": clock.to_text(self.redeemed_at),
        }


def shard_order(member_id: str, shards: int) -> list[int]:
    """The shards of a stock in the order in which a member tries them: their own first, then round."""
    first = zlib.crc32(member_id.encode()) % shards
    return [(first + n) % shards for n in range(shards)]


def spread(pieces: int, shards: int) -> list[int]:
    """So many pieces (or, below zero, so many fewer) over the shards, as evenly as whole pieces go."""
    whole, rest = divmod(pieces, shards)
    return [whole + (1 if n < rest else 0) for n in range(shards)]
