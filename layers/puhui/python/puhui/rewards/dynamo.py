"""The rewards' table: with ``catalogue.py`` the only file that knows its keys and attributes.

| item       | owner (hash)   | entry (range)     | holds |
|------------|----------------|-------------------|-------|
| reward     | reward:<id>    | reward            | programme, kind, title, price_points, stock_total, shards, per_member_limit |
| stock      | reward:<id>    | S#<shard>         | left |
| limit      | member:<id>    | L#<reward id>     | taken |
| redemption | member:<id>    | X#<redemption id> | reward, quantity, points, status, at, transfer |

Indexes: ``rewards_by_programme`` (programme, owner) and, local, ``redemptions_by_time`` (owner, at).
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from puhui.kernel import clock
from puhui.rewards.errors import LimitReached, PriceChanged, RedemptionStands, ShardEmpty
from puhui.rewards.model import Redemption, Reward, spread
from puhui.store.client import DynamoDB, Key
from puhui.store.session import Session
from puhui.store.values import Item


class Rewards:
    """Rewards, stock and redemptions in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Rewards":
        """The table that REWARDS_TABLE names."""
        return cls(DynamoDB(), os.environ["REWARDS_TABLE"])

    def reward_key(self, reward_id: str) -> Key:
        """Where a reward stands."""
        return Key(self.table, {"owner": f"reward:{reward_id}", "entry": "reward"})

    def add_redemption(self, session: Session, redemption: Redemption) -> None:
        """A new redemption; what stands under its id decides between a repetition and another request."""
        session.put(
            self.table,
            redemption_item(redemption),
            unless="entry",
            error=RedemptionStands(body_hash=redemption.body_hash),
        )

    def check_price(self, session: Session, reward: Reward) -> None:
        """The reward still is what was read."""
        session.check(
            self.table,
            self.reward_key(reward.id).key,
            "price_points = :p",
            {":p": reward.price_points},
            error=PriceChanged(),
        )

    def take_limit(self, session: Session, member_id: str, reward: Reward, quantity: int) -> None:
        """Count what a member takes against the limit."""
        limit = reward.per_member_limit
        if limit is None:
            return
        if quantity > limit:
            raise LimitReached(limit=limit)
        session.update(
            self.table,
            {"owner": f"member:{member_id}", "entry": f"L#{reward.id}"},
            "ADD taken :q",
            {":q": quantity, ":most": limit - quantity},
            condition="attribute_not_exists(taken) OR taken <= :most",
            error=LimitReached(limit=limit),
        )

    def take_stock(self, session: Session, reward_id: str, shard: int, quantity: int) -> None:
        """Take pieces from a shard of the stock, which must hold them."""
        session.update(
            self.table,
            {"owner": f"reward:{reward_id}", "entry": f"S#{shard}"},
            "ADD #left :minus",
            {":minus": -quantity, ":q": quantity},
            names={"#left": "left"},
            condition="#left >= :q",
            error=ShardEmpty(),
        )

    def redemption(self, member_id: str, redemption_id: str) -> Redemption | None:
        """A member's redemption."""
        key = {"owner": f"member:{member_id}", "entry": f"X#{redemption_id}"}
        item = self.dynamodb.get(self.table, key)
        return redemption_from(item) if item else None

    def redemptions(
        self, member_id: str, limit: int, start: Mapping[str, Any] | None
    ) -> tuple[list[Redemption], Item | None]:
        """A page of a member's redemptions, newest first."""
        items, last = self.dynamodb.query(
            self.table,
            "#owner = :o",
            {":o": f"member:{member_id}"},
            names={"#owner": "owner"},
            index="redemptions_by_time",
            limit=limit,
            forward=False,
            start=start,
        )
        return [redemption_from(item) for item in items], last

    def put_reward(self, session: Session, reward: Reward, before: Item | None) -> None:
        """Offer a reward, or change it; the stock grows or shrinks by the difference of the totals."""
        item: Item = {
            **self.reward_key(reward.id).key,
            "programme": reward.programme_id,
            "kind": reward.kind,
            "title": json.dumps(dict(reward.title), ensure_ascii=False),
            "price_points": reward.price_points,
            "stock_total": reward.stock_total,
            "shards": reward.shards,
        }
        if reward.per_member_limit is not None:
            item["per_member_limit"] = reward.per_member_limit
        session.put(
            self.table,
            item,
            condition="stock_total = :t" if before else "attribute_not_exists(entry)",
            values={":t": before["stock_total"]} if before else None,
            error=PriceChanged(),
        )
        added = reward.stock_total - (before["stock_total"] if before else 0)
        for shard, pieces in enumerate(spread(added, reward.shards)):
            if pieces:
                session.update(
                    self.table,
                    {"owner": f"reward:{reward.id}", "entry": f"S#{shard}"},
                    "ADD #left :n",
                    {":n": pieces, **({":need": -pieces} if pieces < 0 else {})},
                    names={"#left": "left"},
                    condition="#left >= :need" if pieces < 0 else None,
                    error=ShardEmpty(),
                )


def reward_from(item: Mapping[str, Any]) -> Reward:
    """The reward of an item, without its stock."""
    return Reward(
        id=item["owner"].partition(":")[2],
        programme_id=item["programme"],
        kind=item["kind"],
        title=json.loads(item["title"]),
        price_points=item["price_points"],
        stock_total=item["stock_total"],
        shards=item["shards"],
        per_member_limit=item.get("per_member_limit"),
    )


def redemption_item(redemption: Redemption) -> Item:
    """The item of a redemption."""
    item: Item = {
        "owner": f"member:{redemption.member_id}",
        "entry": f"X#{redemption.id}",
        "programme_id": redemption.programme_id,
        "reward": redemption.reward_id,
        "quantity": redemption.quantity,
        "points": redemption.points,
        "status": redemption.status,
        "at": clock.to_text(redemption.redeemed_at),
        "transfer": redemption.transfer_id,
        "body_hash": redemption.body_hash,
    }
    return item | ({"delivery": redemption.delivery} if redemption.delivery else {})


def redemption_from(item: Mapping[str, Any]) -> Redemption:
    """The redemption of an item."""
    return Redemption(
        id=item["entry"][2:],
        member_id=item["owner"].partition(":")[2],
        programme_id=item["programme_id"],
        reward_id=item["reward"],
        quantity=item["quantity"],
        points=item["points"],
        status=item["status"],
        redeemed_at=clock.from_text(item["at"]),
        transfer_id=item["transfer"],
        body_hash=item["body_hash"],
        delivery=item.get("delivery", b""),
    )
