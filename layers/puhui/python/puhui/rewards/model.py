"""What rewards are, as pure values and rules: a reward's terms, its stock in shards, a redemption."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from puhui.kernel import ids
from puhui.kernel.quantities import positive
from puhui.ledger.api import Leg, Transfer, member, points
from puhui.rewards.errors import OutOfStock, QuantityInvalid, RewardIdTaken, RewardShrinks

KIND = "redemption"
FULFILLED = "fulfilled"
QUANTITY_MAX = 100  # as the contract has it
WRITES_PER_SHARD = (
    250  # architecture.md, decision 8: a redemption is 2 write units on its shard, a partition bears 1,000
)
SHARDS_MAX = 40  # 10,000 redemptions a second; all shards fit into one read and one transaction


@dataclass(frozen=True)
class Reward:
    """A good, coupon or donation that a programme gives for points. ``stock`` counts every piece ever offered, sold
    ones too; ``per_member_limit`` in pieces (None: no limit); ``version`` counts the operator's changes."""

    id: str
    programme_id: str
    kind: str
    title: Mapping[str, str]
    price_points: int
    stock: int
    per_member_limit: int | None
    shards: int
    version: int = 0


@dataclass(frozen=True)
class Offer:
    """A reward as the catalogue shows it, with the pieces that are left."""

    reward: Reward
    stock_left: int


@dataclass(frozen=True)
class Redemption:
    """What a member got: terms as they were at that time. ``points``: what it cost in all."""

    id: str
    member_id: str
    reward_id: str
    programme_id: str
    title: Mapping[str, str]
    quantity: int
    price_points: int
    status: str
    redeemed_at: datetime
    transfer_id: str
    body_hash: str
    delivery: bytes = field(default=b"", repr=False)  # sealed

    @property
    def points(self) -> int:
        """The points that were taken."""
        return self.price_points * self.quantity


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
    """Pieces to take from each shard, given what is left in them: all from the first, counted from ``home``, that has
    enough; otherwise from as many as it takes. Raises OutOfStock when all of them together hold less."""
    order = [(home + step) % len(left) for step in range(len(left))]
    for shard in order:
        if left[shard] >= quantity:
            return {shard: quantity}
    if sum(left) < quantity:
        raise OutOfStock(stock_left=sum(left))
    taken, missing = {}, quantity
    for shard in order:
        if portion := min(left[shard], missing):
            taken[shard] = portion
            missing -= portion
    return taken


def require_quantity(quantity: int) -> None:
    """Raise QuantityInvalid unless that many pieces can be redeemed at once."""
    if type(quantity) is not int or not 1 <= quantity <= QUANTITY_MAX:
        raise QuantityInvalid(most=QUANTITY_MAX)


def revised(standing: Reward | None, wanted: Reward) -> Reward:
    """The reward after an operator's change: new terms apply from then on, stock and shards only grow (0 shards: as
    they are). Raises RewardIdTaken, RewardShrinks."""
    if standing is None:
        return replace(wanted, shards=wanted.shards or 1, version=1)
    if wanted.programme_id != standing.programme_id:
        raise RewardIdTaken(programme_id=standing.programme_id)
    shards = wanted.shards or standing.shards
    if wanted.stock < standing.stock:
        raise RewardShrinks(field="stock", standing=standing.stock)
    if shards < standing.shards:
        raise RewardShrinks(field="shards", standing=standing.shards)
    same = replace(wanted, shards=shards, version=standing.version)
    return standing if same == standing else replace(same, version=standing.version + 1)


def redemption_of(
    reward: Reward,
    member_id: str,
    redemption_id: str,
    quantity: int,
    body_hash: str,
    delivery: bytes,
    now: datetime,
) -> Redemption:
    """The redemption of ``quantity`` pieces at the price of this moment."""
    return Redemption(
        id=redemption_id,
        member_id=member_id,
        reward_id=reward.id,
        programme_id=reward.programme_id,
        title=reward.title,
        quantity=quantity,
        price_points=reward.price_points,
        status=FULFILLED,
        redeemed_at=now,
        transfer_id=ids.derived_id(now, redemption_id, KIND),
        body_hash=body_hash,
        delivery=delivery,
    )


def spending(redemption: Redemption) -> Transfer:
    """The member's points are spent for good: from the member to the programme's ``retired`` account."""
    asset = points(redemption.programme_id)
    legs = (
        Leg(member(redemption.member_id), asset, -redemption.points),
        Leg(f"retired:{redemption.programme_id}", asset, redemption.points),
    )
    return Transfer(redemption.transfer_id, KIND, redemption.redeemed_at, legs, redemption.id)
