"""The pieces of a reward, one item a shard, each in a partition of its own, so that no partition gets all of a rush.

A report marks the shards when it counts them; each draw and each return carries the mark that it read, so that a report knows what
moved before it and what after.
"""

from collections.abc import Mapping

from puhui.kernel.errors import Unavailable
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.catalogue.repository import RewardRepository
from puhui.rewards.repository import Repository
from puhui.rewards.stock.model import Draw, Home, draws, home_shard, left_of, mark_of
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.session import Session
from puhui.store.values import Item

MARKINGS_MAX = 12  # of one reward's stock by one report, which others or a change of the offer cut off
MARKED_AGAIN = "+"  # makes a mark a later one


class StockRepository(Repository):
    """Pieces of all rewards."""

    def __init__(self, dynamodb: DynamoDB, table: str, catalogue: RewardRepository) -> None:
        super().__init__(dynamodb, table)
        self._catalogue = catalogue

    def shard_key(self, reward_id: str, shard: int) -> Key:
        """A shard's key."""
        return Key(self.table, {"owner": f"stock:{reward_id}:{shard}", "entry": "stock"})

    def left(self, reward: Reward) -> list[int]:
        """The pieces left in each shard, in one read."""
        return [left_of(item) for item in self._read(reward)]

    def draw_elsewhere(self, reward: Reward, quantity: int, home: Home) -> Draw:
        """What to draw for a redemption when the member's own shard has too little: all shards are read. Raises OutOfStock,
        OptimisticLockFailed."""
        left, mark = [home.left], home.mark
        if reward.shards > 1:
            left, mark = self._left_and_mark(reward, quantity)
        return Draw(draws(left, home.shard, quantity), mark)

    def _left_and_mark(self, reward: Reward, quantity: int) -> tuple[list[int], str]:
        """The pieces left in each shard, and the latest of their marks. A batch reads its items one by one, so that it may miss pieces
        that move meanwhile: where they seem too few, a second read has to agree."""
        items = self._read(reward)
        left = [left_of(item) for item in items]
        if sum(left) < quantity and self.left(reward) != left:
            raise OptimisticLockFailed
        return left, max(map(mark_of, items))

    def _read(self, reward: Reward) -> list[Item | None]:
        return self.dynamodb.get_all([self.shard_key(reward.id, shard) for shard in range(reward.shards)])

    def mark_at_home(self, reward_id: str, member_id: str, shards: int) -> str:
        """The mark of the shard to which a member's pieces come back."""
        return mark_of(self.dynamodb.get(*self.shard_key(reward_id, home_shard(member_id, shards))))

    def mark(self, reward_id: str, mark: str) -> tuple[Reward, int, str] | None:
        """Count a reward's pieces at one moment: the reward, what is left of it, and the mark, ``mark`` or a later one, that its stock
        has from then on. Whatever was drawn or came back before has an earlier mark, all after it this one or a later one; pieces are
        offered and withdrawn under versions of the reward. None: there is no such reward. Raises Unavailable."""
        for _ in range(MARKINGS_MAX):
            if (before := self._catalogue.reward(reward_id)) is None:
                return None
            left, latest = self._mark_shards(before, mark)
            after = self._catalogue.reward(reward_id)
            if not latest and after and (after.version, after.shards) == (before.version, before.shards):
                return after, left, mark
            mark = max(mark, latest) + MARKED_AGAIN
        raise Unavailable

    def _mark_shards(self, reward: Reward, mark: str) -> tuple[int, str]:
        """What is left in all shards; and the mark of a shard that has this or a later one already, if there is one."""
        left = 0
        for shard in range(reward.shards):
            try:
                item = self.dynamodb.update(
                    *self.shard_key(reward.id, shard),
                    "SET mark = :mark ADD stock_left :none",
                    {":mark": mark, ":none": 0},
                    condition="attribute_not_exists(mark) OR mark < :mark",
                )
            except ConditionFailed as failed:
                return 0, mark_of(failed.item)
            left += left_of(item)
        return left, ""

    def add(self, session: Session, reward_id: str, pieces: list[int]) -> None:
        """Put more pieces into the shards, shard by shard."""
        for shard, count in enumerate(pieces):
            if count:
                key = self.shard_key(reward_id, shard).key
                session.update(self.table, key, "ADD stock_left :n", {":n": count})

    def draw(
        self, session: Session, reward_id: str, draws: Mapping[int, int], mark: str | None = None
    ) -> None:
        """Draw pieces from shards that still hold them; counts below zero are put in. ``mark``: all of the shards get it, unless one
        has a later mark (None: the reward's version orders them)."""
        for shard, count in draws.items():
            self._move(session, self.shard_key(reward_id, shard), -count, mark)

    def give_back(self, session: Session, reward: Reward, member_id: str, pieces: int, mark: str) -> None:
        """Put a member's pieces back into stock, which still has the mark (``mark_at_home``)."""
        self._move(session, self.shard_key(reward.id, home_shard(member_id, reward.shards)), pieces, mark)

    def _move(self, session: Session, key: Key, pieces: int, mark: str | None) -> None:
        conditions, expression, values = [], "ADD stock_left :n", dict[str, int | str]({":n": pieces})
        if pieces < 0:
            conditions.append("stock_left >= :count")
            values[":count"] = -pieces
        if mark:
            expression, values[":mark"] = f"{expression} SET mark = :mark", mark
            conditions.append("(attribute_not_exists(mark) OR mark <= :mark)")
        elif mark is not None:
            conditions.append("attribute_not_exists(mark)")
        session.update(
            *key,
            expression,
            values,
            condition=" AND ".join(conditions) or None,
            error=OptimisticLockFailed() if conditions else None,
        )
