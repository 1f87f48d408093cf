"""Rewards in the table: terms and state, one item each; and the reports of donations' projects."""

import time
from typing import Any

from puhui.merchants.api import Standing
from puhui.rewards.catalogue.model import ON_SALE, PAUSED, PROPOSED, Reward
from puhui.rewards.errors import RewardNotFound
from puhui.rewards.repository import Repository, locked
from puhui.store.client import DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

TERMS_SECONDS = 1.0


def _indexed(reward: Reward) -> Item:
    """``programme_id`` only while it is listed, proposals apart from what is on sale; ``of_merchant`` for the merchant's list."""
    listed = {
        PROPOSED: f"proposed:{reward.programme_id}",
        ON_SALE: reward.programme_id,
        PAUSED: reward.programme_id,
    }
    item: Item = {"reward_id": reward.id}
    if reward.state in listed:
        item["programme_id"] = listed[reward.state]
    return item | ({"of_merchant": reward.merchant_id} if reward.merchant_id else {})


REWARD = Record(
    Reward,
    owner="reward:{id}",
    entry="reward",
    names={"programme_id": "programme"},
    always=("version", "state", "valid_days"),  # a published term does not change with its default
    extra=_indexed,
)


class RewardRepository(Repository):
    """Rewards, by id. ``catalogue.listing`` reads them page by page."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        super().__init__(dynamodb, table)
        self._terms: dict[str, tuple[float, Reward, Standing | None]] = {}  # of rewards with a queue

    def reward_key(self, reward_id: str) -> Key:
        """A reward's key."""
        return Key(self.table, REWARD.key(id=reward_id))

    def reward(self, reward_id: str) -> Reward | None:
        """The reward at this moment."""
        item = self.dynamodb.get(*self.reward_key(reward_id))
        return REWARD.read(item) if item else None

    def rewards(self, reward_ids: list[str]) -> dict[str, Reward]:
        """At most 100 rewards by their ids; those that do not exist are left out."""
        items = self.dynamodb.get_all([self.reward_key(reward_id) for reward_id in reward_ids])
        return {item["reward_id"]: REWARD.read(item) for item in items if item}

    def recent(self, reward_id: str) -> tuple[Reward, Standing | None] | None:
        """Terms and merchant that this process read at most TERMS_SECONDS ago, of a reward with a queue: one item does not bear
        being read by a whole crowd."""
        at, reward, merchant = self._terms.get(reward_id, (0.0, None, None))
        if reward is None or time.monotonic() - at >= TERMS_SECONDS:
            return None
        return reward, merchant

    def remember(self, reward: Reward, merchant: Standing | None) -> None:
        """Keep what was just read, for ``recent``."""
        if reward.queue_shards:
            self._terms[reward.id] = time.monotonic(), reward, merchant

    def add(self, session: Session, reward: Reward) -> None:
        """Write a reward that was derived from the version before."""
        before = reward.version - 1
        self._terms.pop(reward.id, None)
        lock: dict[str, Any] = locked(before) if before else {"condition": "attribute_not_exists(version)"}
        session.put(self.table, REWARD.item(reward), **lock, error=OptimisticLockFailed())

    def add_report(self, session: Session, reward_id: str, report: Item) -> None:
        """What became of a project's donations."""
        key = self._report_key(reward_id, report["id"]).key
        session.put(self.table, {**key, **report}, unless="entry")

    def report(self, reward_id: str, report_id: str) -> Item:
        """One of a project's reports. Raises RewardNotFound."""
        item = self.dynamodb.get(*self._report_key(reward_id, report_id))
        if item is None:
            raise RewardNotFound
        return item

    def reports(self, reward_id: str, limit: int, start: str | None) -> tuple[list[Item], str | None]:
        """A page of a project's reports, newest first."""
        owner = ("owner", f"reward:{reward_id}")
        return self.dynamodb.entries(self.table, owner, "R#", limit=limit, after=start, forward=False)

    def _report_key(self, reward_id: str, report_id: str) -> Key:
        return Key(self.table, {"owner": f"reward:{reward_id}", "entry": f"R#{report_id}"})
