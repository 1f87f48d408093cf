"""The catalogue page by page, with PynamoDB models. An adapter: the models are private to this file, redeeming never loads it.

A page is one Query of the programme's partition and one BatchGetItem of the stock: it ends early where the shards of its
rewards, or the verdicts on their pictures, would need a second one.
"""

import os
from typing import Any

from pynamodb.attributes import Attribute, BooleanAttribute, ListAttribute, MapAttribute, UnicodeAttribute
from pynamodb.constants import NUMBER
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from puhui.kernel.pages import Page
from puhui.kernel.quantities import amount
from puhui.rewards.catalogue.model import Offer, Reward
from puhui.rewards.catalogue.repository import REWARD

STOCK_READS_MAX = 100  # keys of one BatchGetItem
CONNECT_SECONDS, READ_SECONDS, RETRIES = 1, 2, 2  # three attempts end within the functions' 10 s


class IntegerAttribute(Attribute[int]):
    """A number that is an integer both ways; PynamoDB's own makes floats of fractions."""

    attr_type = NUMBER

    def serialize(self, value: Any) -> str:
        return str(amount(value))

    def deserialize(self, value: str) -> int:
        return int(value)


class _ByProgramme(GlobalSecondaryIndex["_RewardItem"]):  # type: ignore[no-untyped-call] # PynamoDB leaves its own hook untyped
    class Meta:
        index_name = "rewards_by_programme"
        projection = AllProjection()

    programme_id = UnicodeAttribute(hash_key=True)
    reward_id = UnicodeAttribute(range_key=True)


class _ByMerchant(GlobalSecondaryIndex["_RewardItem"]):  # type: ignore[no-untyped-call] # as above
    class Meta:
        index_name = "rewards_by_merchant"
        projection = AllProjection()

    of_merchant = UnicodeAttribute(hash_key=True)
    reward_id = UnicodeAttribute(range_key=True)


class _PictureItem(MapAttribute[str, str]):
    document_id = UnicodeAttribute()
    object_key = UnicodeAttribute()
    trace_id = UnicodeAttribute()


class _RewardItem(Model):
    owner = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    programme_id = UnicodeAttribute(null=True)
    programme = UnicodeAttribute()
    reward_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    title: MapAttribute[str, str] = MapAttribute()  # type: ignore[no-untyped-call]
    price_points = IntegerAttribute()
    stock = IntegerAttribute()
    per_member_limit = IntegerAttribute(null=True)
    per_day_limit = IntegerAttribute(null=True)
    shards = IntegerAttribute()
    state = UnicodeAttribute()
    version = IntegerAttribute()
    opens_at = UnicodeAttribute(null=True)
    closes_at = UnicodeAttribute(null=True)
    description: MapAttribute[str, str] = MapAttribute(null=True)  # type: ignore[no-untyped-call]
    pictures: ListAttribute[_PictureItem] = ListAttribute(of=_PictureItem, null=True)
    regions: ListAttribute[str] = ListAttribute(null=True)
    merchant_id = UnicodeAttribute(null=True)
    of_merchant = UnicodeAttribute(null=True)
    budget_id = UnicodeAttribute(null=True)
    fen = IntegerAttribute(null=True)
    partner_id = UnicodeAttribute(null=True)
    partner_item = UnicodeAttribute(null=True)
    queue_shards = IntegerAttribute(null=True)
    cancellable = BooleanAttribute(null=True)
    valid_days = IntegerAttribute(null=True)
    proposed_by = UnicodeAttribute(null=True)
    published_by = UnicodeAttribute(null=True)
    delivery = UnicodeAttribute(null=True)


class _StockItem(Model):
    owner = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    stock_left = IntegerAttribute()


class Listing:
    """Rewards with what is left of them."""

    def __init__(self, table: str) -> None:
        meta = type(
            "Meta",
            (),
            {
                "table_name": table,
                "region": os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"],
                "connect_timeout_seconds": CONNECT_SECONDS,
                "read_timeout_seconds": READ_SECONDS,
                "max_retry_attempts": RETRIES,
            },
        )
        self._rewards: Any = type(
            "RewardItem",
            (_RewardItem,),
            {"Meta": meta, "by_programme": _ByProgramme(), "by_merchant": _ByMerchant()},
        )
        self._stock: Any = type("StockItem", (_StockItem,), {"Meta": meta})

    @classmethod
    def from_environment(cls) -> "Listing":
        """The table that the environment variable REWARDS_TABLE names."""
        return cls(os.environ["REWARDS_TABLE"])

    def offer(self, reward_id: str) -> Offer | None:
        """One reward at this moment."""
        try:
            item = self._rewards.get(f"reward:{reward_id}", "reward", consistent_read=True)
        except Model.DoesNotExist:
            return None
        reward = _reward(item)
        return self._offers([reward], consistent_read=True)[0]

    def offers(self, programme_id: str, limit: int, start: str | None) -> Page[Offer]:
        """A page of a programme's rewards in the order of their ids (``proposed:<programme>``: of those that wait for their
        publication); the page's cursor is the last one's id."""
        return self._page("programme_id", self._rewards.by_programme, programme_id, limit, start)

    def offers_of_merchant(self, merchant_id: str, limit: int, start: str | None) -> Page[Offer]:
        """A page of a merchant's rewards, whatever their state, in the order of their ids."""
        return self._page("of_merchant", self._rewards.by_merchant, merchant_id, limit, start)

    def _page(self, name: str, index: Any, value: str, limit: int, start: str | None) -> Page[Offer]:
        found = index.query(
            value, limit=limit, page_size=limit, last_evaluated_key=_position(name, value, start)
        )
        rewards = [_reward(item) for item in found]
        fitting = _fitting(rewards)
        more = len(fitting) < len(rewards) or found.last_evaluated_key is not None
        return Page(self._offers(fitting), fitting[-1].id if more and fitting else None)

    def _offers(self, rewards: list[Reward], *, consistent_read: bool = False) -> list[Offer]:
        keys = [
            (f"stock:{reward.id}:{shard}", "stock") for reward in rewards for shard in range(reward.shards)
        ]
        left: dict[str, int] = {}
        for item in self._stock.batch_get(keys, consistent_read=consistent_read) if keys else ():
            reward_id = item.owner.split(":")[1]
            left[reward_id] = left.get(reward_id, 0) + item.stock_left
        return [Offer(reward, left.get(reward.id, 0)) for reward in rewards]


def _fitting(rewards: list[Reward]) -> list[Reward]:
    shards = pictures = 0
    for count, reward in enumerate(rewards):
        shards, pictures = shards + reward.shards, pictures + len(reward.pictures)
        if max(shards, pictures) > STOCK_READS_MAX:
            return rewards[:count]
    return rewards


def _position(name: str, value: str, reward_id: str | None) -> dict[str, dict[str, str]] | None:
    if reward_id is None:
        return None
    key = {
        "owner": f"reward:{reward_id}",
        "entry": "reward",
        name: value,
        "reward_id": reward_id,
    }
    return {name: {"S": value} for name, value in key.items()}


def _reward(item: Any) -> Reward:
    plain = {
        name: dict(value.attribute_values) if isinstance(value, MapAttribute) else value
        for name, value in item.attribute_values.items()
        if value is not None or name == "per_member_limit"
    }
    pictures = [each.attribute_values for each in item.pictures or ()]
    return REWARD.read({"per_member_limit": None, **plain, "pictures": pictures})
