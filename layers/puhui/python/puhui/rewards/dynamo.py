"""The rewards' table: the file that knows its keys and attributes (catalogue.py maps the first two rows for reading).

| item       | owner (hash)        | entry (range)     | holds |
|------------|---------------------|-------------------|-------|
| reward     | reward:<id>         | reward            | programme_id, reward_id, terms, stock, shards, v |
| stock      | stock:<id>:<shard>  | stock             | stock_left |
| redemption | member:<id>         | X#<redemption id> | the redemption, body_hash, transfer_id |
| limit      | member:<id>         | L#<reward id>     | taken |

Index ``rewards_by_programme`` (programme_id, reward_id): only rewards carry programme_id. Index
``redemptions_by_time`` (owner, transfer_id): only redemptions carry transfer_id, a ULID of the time they were made.
A stock's shards stand in partitions of their own, so that no partition gets all of a rush.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from puhui.kernel import clock
from puhui.ledger.api import Balance, Ledger, balance_from, member
from puhui.rewards.errors import LimitReached, RedemptionStands, RewardMoved, RewardNotFound, ShardMoved
from puhui.rewards.model import Redemption, Reward, home_shard
from puhui.store.client import DynamoDB, Key
from puhui.store.session import Session
from puhui.store.values import Item

BY_TIME = "redemptions_by_time"


@dataclass(frozen=True)
class Counter:
    """What a redemption is decided on: the redemption itself if it stands already; the reward, the pieces in the
    member's own shard, the member's balance."""

    redemption: Redemption | None
    reward: Reward
    home: int
    left: int
    balance: Balance


class Rewards:
    """Rewards, stock, limits and redemptions in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table
        # Programme and shards of rewards as this process saw them last. Only tells where to look: both are checked
        # against the reward that is read along, so that a stale entry costs a second read and nothing else.
        self._seen: dict[str, tuple[str, int]] = {}

    @classmethod
    def from_environment(cls) -> "Rewards":
        """The table that the environment variable REWARDS_TABLE names."""
        return cls(DynamoDB(), os.environ["REWARDS_TABLE"])

    # Reading

    def reward(self, reward_id: str) -> Reward | None:
        """The reward as it stands now."""
        item = self.dynamodb.get(*self._reward_key(reward_id))
        return reward_from(item) if item else None

    def stock(self, reward: Reward) -> list[int]:
        """The pieces left in each shard, in one read."""
        items = self.dynamodb.get_all([self._stock_key(reward.id, shard) for shard in range(reward.shards)])
        return [_left(item) for item in items]

    def redemption(self, member_id: str, redemption_id: str) -> Redemption | None:
        """A member's redemption."""
        item = self.dynamodb.get(*self._redemption_key(member_id, redemption_id))
        return redemption_from(item) if item else None

    def redemptions(
        self, member_id: str, limit: int, start: Mapping[str, str] | None
    ) -> tuple[list[Redemption], dict[str, str] | None]:
        """A page of a member's redemptions, newest first, and the position of the next: {id, transfer_id}."""
        begin = None
        if start:
            key = self._redemption_key(member_id, start["id"]).key
            begin = {**key, "transfer_id": start["transfer_id"]}
        items, last = self.dynamodb.query(
            self.table,
            "#owner = :o",
            {":o": member(member_id)},
            index=BY_TIME,
            names={"#owner": "owner"},
            limit=limit,
            forward=False,
            start=begin,
        )
        position = {"id": last["entry"][2:], "transfer_id": last["transfer_id"]} if last else None
        return [redemption_from(item) for item in items], position

    def counter(self, member_id: str, redemption_id: str, reward_id: str, ledger: Ledger) -> Counter:
        """Everything a redemption needs, in one read once this process has seen the reward, in two before.

        Raises RewardNotFound.
        """
        seen = self._seen.get(reward_id)
        first = [self._redemption_key(member_id, redemption_id), self._reward_key(reward_id)]
        made, item, *rest = self.dynamodb.get_all(
            first + (self._places(member_id, reward_id, seen, ledger) if seen else [])
        )
        if item is None:
            raise RewardNotFound
        reward = reward_from(item)
        if seen != (found := (reward.programme_id, reward.shards)):
            self._seen[reward_id] = found
            rest = self.dynamodb.get_all(self._places(member_id, reward_id, found, ledger))
        stock, balance = rest
        return Counter(
            redemption_from(made) if made else None,
            reward,
            home_shard(member_id, reward.shards),
            _left(stock),
            balance_from(member(member_id), reward.programme_id, balance),
        )

    # Writing

    def add_reward(self, session: Session, reward: Reward) -> None:
        """Write a reward that was worked out from the version before."""
        before = reward.version - 1
        session.put(
            self.table,
            reward_item(reward),
            condition="v = :v" if before else "attribute_not_exists(v)",
            values={":v": before} if before else None,
            error=RewardMoved(),
        )

    def add_stock(self, session: Session, reward_id: str, pieces: list[int]) -> None:
        """Put more pieces into the shards, shard by shard."""
        for shard, count in enumerate(pieces):
            if count:
                session.update(
                    self.table, self._stock_key(reward_id, shard).key, "ADD stock_left :n", {":n": count}
                )

    def add_redemption(self, session: Session, redemption: Redemption) -> None:
        """A new redemption; what stands under its id decides between a repetition and another request."""
        session.put(
            self.table,
            redemption_item(redemption),
            unless="entry",
            error=RedemptionStands(body_hash=redemption.body_hash),
        )

    def count_taken(self, session: Session, redemption: Redemption, limit: int) -> None:
        """Count the pieces against what the member may have. Raises LimitReached at once for more than the limit."""
        room = limit - redemption.quantity
        if room < 0:
            raise LimitReached(limit=limit, taken=0)
        session.update(
            self.table,
            {"owner": member(redemption.member_id), "entry": f"L#{redemption.reward_id}"},
            "ADD taken :q",
            {":q": redemption.quantity, ":room": room},
            condition="attribute_not_exists(taken) OR taken <= :room",
            error=LimitReached(limit=limit),
        )

    def draw(self, session: Session, reward_id: str, draws: Mapping[int, int]) -> None:
        """Take pieces out of shards that still hold them."""
        for shard, count in draws.items():
            session.update(
                self.table,
                self._stock_key(reward_id, shard).key,
                "ADD stock_left :taken",
                {":taken": -count, ":count": count},
                condition="stock_left >= :count",
                error=ShardMoved(),
            )

    def _places(self, member_id: str, reward_id: str, seen: tuple[str, int], ledger: Ledger) -> list[Key]:
        programme_id, shards = seen
        home = self._stock_key(reward_id, home_shard(member_id, shards))
        return [home, ledger.balance_key(member(member_id), programme_id)]

    def _reward_key(self, reward_id: str) -> Key:
        return Key(self.table, {"owner": f"reward:{reward_id}", "entry": "reward"})

    def _stock_key(self, reward_id: str, shard: int) -> Key:
        return Key(self.table, {"owner": f"stock:{reward_id}:{shard}", "entry": "stock"})

    def _redemption_key(self, member_id: str, redemption_id: str) -> Key:
        return Key(self.table, {"owner": member(member_id), "entry": f"X#{redemption_id}"})


def _left(item: Item | None) -> int:
    return item["stock_left"] if item else 0


def reward_item(reward: Reward) -> Item:
    """The item of a reward."""
    return {
        "owner": f"reward:{reward.id}",
        "entry": "reward",
        "programme_id": reward.programme_id,
        "reward_id": reward.id,
        "kind": reward.kind,
        "title": dict(reward.title),
        "price_points": reward.price_points,
        "stock": reward.stock,
        "per_member_limit": reward.per_member_limit,
        "shards": reward.shards,
        "v": reward.version,
    }


def reward_from(item: Item) -> Reward:
    """The reward of an item."""
    return Reward(
        id=item["reward_id"],
        programme_id=item["programme_id"],
        kind=item["kind"],
        title=item["title"],
        price_points=item["price_points"],
        stock=item["stock"],
        per_member_limit=item["per_member_limit"],
        shards=item["shards"],
        version=item["v"],
    )


def redemption_item(redemption: Redemption) -> Item:
    """The item of a redemption."""
    item: Item = {
        "owner": member(redemption.member_id),
        "entry": f"X#{redemption.id}",
        "reward_id": redemption.reward_id,
        "programme": redemption.programme_id,
        "title": dict(redemption.title),
        "quantity": redemption.quantity,
        "price_points": redemption.price_points,
        "status": redemption.status,
        "redeemed_at": clock.to_text(redemption.redeemed_at),
        "transfer_id": redemption.transfer_id,
        "body_hash": redemption.body_hash,
    }
    if redemption.delivery:
        item["delivery"] = redemption.delivery
    return item


def redemption_from(item: Item) -> Redemption:
    """The redemption of an item, or of what the index keeps of it (neither body_hash nor delivery)."""
    return Redemption(
        id=item["entry"][2:],
        member_id=item["owner"].partition(":")[2],
        reward_id=item["reward_id"],
        programme_id=item["programme"],
        title=item["title"],
        quantity=item["quantity"],
        price_points=item["price_points"],
        status=item["status"],
        redeemed_at=clock.from_text(item["redeemed_at"]),
        transfer_id=item["transfer_id"],
        body_hash=item.get("body_hash", ""),
        delivery=item.get("delivery", b""),
    )
