"""A shop on real tables, and members with points."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from puhui.kernel import ids
from puhui.ledger.api import Ledger, Leg, Transfer, lot_expiring, member, points
from puhui.ledger.audit import audit
from puhui.ledger.usecases import post_transfer
from puhui.rewards import usecases
from puhui.rewards.catalogue import Catalogue
from puhui.rewards.dynamo import Rewards
from puhui.rewards.model import Redemption, Reward
from puhui.rewards.terms import terms_from
from puhui.store.client import DynamoDB

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


class Shop:
    """What a test does on behalf of operators and members."""

    def __init__(self, rewards_table: str, ledger_table: str) -> None:
        self.tables = rewards_table, ledger_table
        self.rewards, self.ledger = self.connect(DynamoDB())
        self.catalogue = Catalogue(rewards_table)

    def connect(self, dynamodb: DynamoDB) -> tuple[Rewards, Ledger]:
        """A process of its own."""
        return Rewards(dynamodb, self.tables[0]), Ledger(dynamodb, self.tables[1])

    def put(self, **changes: Any) -> Reward:
        document = {
            "id": "cola",
            "programme_id": "carbon-88",
            "kind": "good",
            "title": {"zh-CN": "可乐", "en": "Cola"},
            "price_points": 500,
            "stock": 1_000,
            "per_member_limit": 5,
        }
        return usecases.put_reward(terms_from(document | changes), rewards=self.rewards)

    def member(self, balance: int) -> str:
        """A new member with so many points."""
        member_id, asset = ids.new_id(NOW), points("carbon-88")
        if balance:
            legs = (
                Leg("issuance:carbon-88", asset, -balance),
                Leg(member(member_id), asset, balance, lot_expiring(NOW.date(), 24)),
            )
            post_transfer(Transfer(ids.new_id(NOW), "credit", NOW, legs), ledger=self.ledger, now=NOW)
        return member_id

    def redeem(self, member_id: str, quantity: int = 1, key: str | None = None, **more: Any) -> Redemption:
        reward_id = more.get("reward_id", "cola")
        command = usecases.Redeem(member_id, reward_id, quantity, key, f"{reward_id} {quantity}")
        rewards, ledger = more.get("process") or (self.rewards, self.ledger)
        return usecases.redeem(command, rewards=rewards, ledger=ledger, now=more.get("now", NOW))

    def left(self, reward_id: str = "cola") -> list[int]:
        """The pieces in each shard."""
        reward = self.rewards.reward(reward_id)
        assert reward
        return self.rewards.stock(reward)

    def points(self, member_id: str) -> int:
        return self.ledger.balance(member(member_id), "carbon-88").points(NOW.date())

    def redemptions(self, member_id: str) -> list[Redemption]:
        return self.rewards.redemptions(member_id, 100, None)[0]

    def spent(self, member_id: str) -> int:
        """How many redemptions stand in the member's statement."""
        page = self.ledger.transfers(member(member_id), 100, None)
        return sum(transfer.kind == "redemption" for transfer in page.items)


@pytest.fixture
def shop(make_table: Callable[[str], str]) -> Any:
    shop = Shop(make_table("rewards"), make_table("ledger"))
    yield shop
    assert audit(shop.ledger).sound
