"""Pieces in shards: how many shards, where a member looks, what is drawn from where. Pure.

A stock that many write at once is kept in several items, each in a partition of its own, so that no item gets all of a rush
(docs/decisions/2026-11-21-stock-for-a-crowd.md has the numbers).
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from puhui.kernel.quantities import positive
from puhui.rewards.errors import OutOfStock

WRITES_PER_SHARD = (
    250  # architecture.md, decision 8: a redemption is 2 write units on its shard, a partition bears 1,000
)
SHARDS_MAX = 40  # 10,000 redemptions a second; all shards fit into one read and one transaction
QUEUE_SHARDS_MAX = 400  # 100,000 tickets a second; a request touches one queue shard


@dataclass(frozen=True)
class Home:
    """The shard where a member looks first: its number, the pieces left there, and its mark."""

    shard: int
    left: int
    mark: str


@dataclass(frozen=True)
class Draw:
    """What a redemption draws: pieces by shard (below zero: put in), and the mark of the stock."""

    pieces: Mapping[int, int]
    mark: str


def shards_for(peak_writes_per_second: int) -> int:
    """How many shards a stock needs that is expected to sell this fast."""
    return -(-positive(peak_writes_per_second) // WRITES_PER_SHARD)


def home_shard(member_id: str, shards: int) -> int:
    """The shard where a member looks first."""
    return zlib.crc32(member_id.encode()) % shards


def split(pieces: int, shards: int) -> list[int]:
    """``pieces`` spread over the shards, as evenly as they go."""
    each, rest = divmod(pieces, shards)
    return [each + (shard < rest) for shard in range(shards)]


def draws(left: Sequence[int], home: int, quantity: int) -> dict[int, int]:
    """What to take out of each shard, given what is left in them; below zero: what to put in.

    All from ``home`` when it has enough. Otherwise from the first shard, counted from home, that has enough and at least half
    as much as the fullest one; half of what remains there moves to ``home``, so that the next who look there find some.
    When none has enough, from as many as it takes. Raises OutOfStock when all of them together hold less.
    """
    if left[home] >= quantity:
        return {home: quantity}
    order = [(home + step) % len(left) for step in range(1, len(left))]
    fullest = max(left)
    if fullest >= quantity:
        donor = next(shard for shard in order if left[shard] >= quantity and 2 * left[shard] >= fullest)
        moved = (left[donor] - quantity) // 2
        return {donor: quantity + moved, home: -moved} if moved else {donor: quantity}
    if sum(left) < quantity:
        raise OutOfStock(stock_left=sum(left))
    taken, missing = {}, quantity
    for shard in (home, *order):
        if portion := min(left[shard], missing):
            taken[shard] = portion
            missing -= portion
    return taken


def left_of(item: Mapping[str, Any] | None) -> int:
    """The pieces that a shard's item holds."""
    return item["stock_left"] if item else 0


def mark_of(item: Mapping[str, Any] | None) -> str:
    """The mark of a shard's item: the last report that has counted it."""
    return item.get("mark", "") if item else ""
