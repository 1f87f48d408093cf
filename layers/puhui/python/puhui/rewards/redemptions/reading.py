"""Everything a redemption is decided on, in one read."""

from dataclasses import dataclass
from typing import NamedTuple

from puhui.ledger.api import Balance, Ledger, balance_from, member
from puhui.merchants.api import Standing, merchant_key, standing_from
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.catalogue.repository import REWARD, RewardRepository
from puhui.rewards.errors import RewardNotFound
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.repository import REDEMPTION, RedemptionRepository
from puhui.rewards.stock.model import Home, home_shard, left_of, mark_of
from puhui.rewards.stock.repository import StockRepository
from puhui.store.client import DynamoDB, Key


@dataclass(frozen=True)
class Reading:
    """What a redemption is decided on: the redemption itself if it exists already; the reward, the member's own shard of its stock,
    the member's balance, and the merchant's standing (None: there is no merchant)."""

    redemption: Redemption | None
    reward: Reward
    home: Home
    balance: Balance
    merchant: Standing | None


class Hint(NamedTuple):
    """Where this process found a reward's stock, balances and merchant. Each is compared with the reward of the same read: an outdated
    hint costs a second read and nothing else."""

    programme_id: str
    shards: int
    merchant_id: str


class RedemptionReader:
    """Reads across the tables of rewards, ledger and merchants."""

    def __init__(
        self,
        dynamodb: DynamoDB,
        merchants_table: str,
        catalogue: RewardRepository,
        stock: StockRepository,
        redemptions: RedemptionRepository,
    ) -> None:
        self.dynamodb = dynamodb
        self.merchants_table = merchants_table
        self._catalogue, self._stock, self._redemptions = catalogue, stock, redemptions
        self.hints: dict[str, Hint] = {}

    def read(
        self, member_id: str, redemption_id: str, reward_id: str, ledger: Ledger, *, to_queue: bool = False
    ) -> Reading:
        """One read once this process has seen the reward, two before. Where there is a queue, terms and merchant are the ``recent``
        ones. ``to_queue``: a ticket draws nothing yet and reads neither stock nor balance. Raises RewardNotFound."""
        own = self._redemptions.redemption_key(member_id, redemption_id)
        if recent := self._catalogue.recent(reward_id):
            reward, merchant = recent
            hint = Hint(reward.programme_id, reward.shards, "")
            keys = [] if to_queue else self._keys(member_id, reward_id, hint, ledger)
            existing, *rest = self.dynamodb.get_all([own, *keys])
            rest = rest or [None, None]
        else:
            known, place = self.hints.get(reward_id), self._catalogue.reward_key(reward_id)
            keys = self._keys(member_id, reward_id, known, ledger) if known else []
            existing, item, *rest = self.dynamodb.get_all([own, place, *keys])
            if item is None:
                raise RewardNotFound
            reward = REWARD.read(item)
            hint = Hint(reward.programme_id, reward.shards, reward.merchant_id)
            if known != hint:
                self.hints[reward_id] = hint
                rest = self.dynamodb.get_all(self._keys(member_id, reward_id, hint, ledger))
            merchant = standing_from(rest[2]) if len(rest) > 2 and rest[2] else None
            self._catalogue.remember(reward, merchant)
        return Reading(
            REDEMPTION.read(existing) if existing else None,
            reward,
            Home(home_shard(member_id, reward.shards), left_of(rest[0]), mark_of(rest[0])),
            balance_from(member(member_id), reward.programme_id, rest[1]),
            merchant,
        )

    def _keys(self, member_id: str, reward_id: str, hint: Hint, ledger: Ledger) -> list[Key]:
        home = self._stock.shard_key(reward_id, home_shard(member_id, hint.shards))
        keys = [home, ledger.balance_key(member(member_id), hint.programme_id)]
        return [*keys, merchant_key(hint.merchant_id, self.merchants_table)] if hint.merchant_id else keys
