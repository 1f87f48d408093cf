"""Reading the catalogue, with PynamoDB models: what is offered changes rarely and is read a lot."""

import os
from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from puhui.kernel.pages import Page
from puhui.rewards.errors import RewardNotFound
from puhui.rewards.model import Reward


class _ByProgramme(GlobalSecondaryIndex["_Item"]):
    class Meta:
        index_name = "rewards_by_programme"
        projection = AllProjection()

    programme = UnicodeAttribute(hash_key=True)
    owner = UnicodeAttribute(range_key=True)


class _Item(Model):
    """A reward, or (entry ``S#<n>``) a shard of its stock."""

    class Meta:
        table_name = os.environ.get("REWARDS_TABLE", "")
        region = os.environ.get("AWS_REGION", "")
        host = os.environ.get("AWS_ENDPOINT_URL") or None
        connect_timeout_seconds = 1
        read_timeout_seconds = 3
        max_retry_attempts = 2

    owner = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    programme = UnicodeAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    title = JSONAttribute(null=True)
    price_points = NumberAttribute(null=True)
    stock_total = NumberAttribute(null=True)
    shards = NumberAttribute(null=True)
    per_member_limit = NumberAttribute(null=True)
    left = NumberAttribute(null=True)
    by_programme = _ByProgramme()


def reward(reward_id: str) -> Reward:
    """A reward with its stock: one query. Raises RewardNotFound."""
    items = list(_Item.query(f"reward:{reward_id}", limit=100, consistent_read=True))
    found = next((item for item in items if item.entry == "reward"), None)
    if found is None:
        raise RewardNotFound
    return _reward(found, sum(int(item.left or 0) for item in items if item.entry != "reward"))


def rewards(programme_id: str, limit: int, start: Mapping[str, Any] | None) -> Page[Reward]:
    """A page of a programme's rewards: one query of the index, and one of each reward's stock."""
    wanted = _Item.by_programme.query(
        programme_id, limit=limit, page_size=limit, last_evaluated_key=_key(programme_id, start)
    )
    owners = [item.owner for item in wanted]
    more = wanted.last_evaluated_key
    found = [reward(owner.partition(":")[2]) for owner in owners]
    return Page(found, owners[-1] if more and owners else None)


def _key(programme_id: str, start: Mapping[str, Any] | None) -> dict[str, dict[str, Any]] | None:
    if not start:
        return None
    return {"programme": {"S": programme_id}, "owner": {"S": start["owner"]}, "entry": {"S": "reward"}}


def _reward(item: _Item, left: int) -> Reward:
    return Reward(
        id=item.owner.partition(":")[2],
        programme_id=item.programme,
        kind=item.kind,
        title=item.title,
        price_points=int(item.price_points),
        stock_total=int(item.stock_total),
        shards=int(item.shards),
        per_member_limit=None if item.per_member_limit is None else int(item.per_member_limit),
        stock_left=left,
    )
