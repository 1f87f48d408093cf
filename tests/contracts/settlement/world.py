"""A programme on real tables: sponsors, merchants, rewards, and what was verified."""

import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from puhui.kernel import ids
from puhui.ledger.api import Ledger
from puhui.ledger.audit import audit
from puhui.rewards.api import PAYABLE_SHARDS, Reward, Rewards
from puhui.rewards.catalogue.model import commitment
from puhui.settlement.accounts import account_of, merchant_account
from puhui.settlement.budgets import usecases as budgets
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext
from puhui.settlement.settlements import approving, computing, opening, posting
from puhui.settlement.settlements.computing import Dependencies
from puhui.settlement.settlements.model import SHARDS, Settlement
from puhui.settlement.statements import payments
from puhui.settlement.statements.model import Statement
from puhui.store.client import DynamoDB, Key
from puhui.store.session import attempt
from tests.support.ledger import post_transfer

P = "carbon-88"
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
UNTIL = NOW - timedelta(minutes=2)
LAG = 60


@dataclass(frozen=True)
class Place:
    """Somewhere a member works."""

    merchant_id: str


@dataclass
class Alliance:
    """A programme's merchants, a page of two at a time, and who works for them."""

    table: str
    ids: list[str] = field(default_factory=list)
    places: dict[str, list[str]] = field(default_factory=dict)

    def merchants_of_programme(
        self, programme_id: str, limit: int = 2, start: str | None = None
    ) -> tuple[list[str], str | None]:
        known = sorted(self.ids) if programme_id == P else []
        first = int(start or 0)
        return known[first : first + limit], str(first + limit) if first + limit < len(known) else None

    def memberships_of(self, member_id: str) -> list[Place]:
        return [Place(each) for each in self.places.get(member_id, [])]

    def gone_key(self, merchant_id: str, member_id: str) -> Key:
        return Key(self.table, {"owner": f"merchant:{merchant_id}", "entry": f"X#{member_id}"})


class World:
    """What tests do on behalf of operators, sponsors and merchants."""

    def __init__(self, tables: dict[str, str]) -> None:
        self.tables = tables
        self.alliance = Alliance(tables["settlement"])
        self.repositories, self.rewards, self.ledger = self.connect(DynamoDB())
        self.count = 0

    def connect(self, dynamodb: DynamoDB) -> tuple[Repositories, Rewards, Ledger]:
        """A process of its own."""
        return (
            Repositories(dynamodb, self.tables["settlement"]),
            Rewards(dynamodb, self.tables["rewards"]),
            Ledger(dynamodb, self.tables["ledger"]),
        )

    @property
    def deps(self) -> Dependencies:
        return Dependencies(self.repositories, self.rewards, self.alliance)  # type: ignore[arg-type]

    def sponsor(self, budget_id: str, fen: int) -> None:
        """A budget with money in it."""
        budgets.put_budget(budget_id, P, {"zh-CN": "赞助方", "en": "Sponsor"}, repositories=self.repositories)
        if fen:
            funding = budgets.propose_funding(
                budget_id, "fund", fen, "wire 1", context("proposer"), repositories=self.repositories
            )
            self.approve_funding(budget_id, funding.id)

    def two_shops(self) -> None:
        """Two shops that are owed 900 and 6,000 fen; the budget has 55,000 left."""
        self.sponsor("bank-1", 100_000)
        self.reward("tea", "shop-a", "bank-1", fen=300)
        self.reward("bag", "shop-a")
        self.reward("ride", "shop-b", "bank-1", fen=150)
        for _ in range(3):
            self.payable("shop-a", "tea", "bank-1", 300)
        self.payable("shop-a", "bag")
        self.payable("shop-b", "ride", "bank-1", 150, pieces=40)

    def approve_funding(self, budget_id: str, funding_id: str, approver: str = "approver") -> Any:
        return budgets.approve(
            budget_id, funding_id, approver, repositories=self.repositories, ledger=self.ledger, now=NOW
        )

    def reward(
        self, reward_id: str, merchant_id: str, budget_id: str = "", fen: int = 0, pieces: int = 100
    ) -> None:
        """A reward of a merchant's with its sponsor's money set aside."""
        title = {"zh-CN": f"奖品 {reward_id}", "en": f"Reward {reward_id}"}
        reward = Reward(
            reward_id,
            P,
            "coupon",
            title,
            100,
            pieces,
            None,
            1,
            1,
            merchant_id=merchant_id,
            budget_id=budget_id,
            fen=fen,
        )
        if merchant_id not in self.alliance.ids:
            self.alliance.ids.append(merchant_id)
        attempt(self.rewards.dynamodb, lambda session: self.rewards.catalogue.add(session, reward))
        if fen:
            post_transfer(commitment(reward, pieces, NOW), ledger=self.ledger, now=NOW)

    def payable(
        self,
        merchant_id: str,
        reward_id: str,
        budget_id: str = "",
        fen: int = 0,
        *,
        pieces: int = 1,
        at: datetime = NOW - timedelta(hours=1),
        programme: str = P,
    ) -> str:
        """Something that a merchant's staff verified: a used coupon or, of more pieces, a donation."""
        self.count += 1
        due_id = ids.derived_id(at, str(self.count))
        name = f"R{self.count:025}"
        item: dict[str, Any] = {
            "owner": f"member:M{self.count % 7}",
            "entry": f"K#{name}-0" if pieces == 1 else f"X#{name}",
            "due_to": f"{merchant_id}:{zlib.crc32(due_id.encode()) % PAYABLE_SHARDS}",
            "due_id": due_id,
            "merchant_id": merchant_id,
            "programme": programme,
            "reward_id": reward_id,
            "redemption_id": name,
            "quantity": pieces,
        }
        if budget_id:
            item |= {"budget_id": budget_id, "fen": fen}
        self.rewards.dynamodb.put_all(self.tables["rewards"], [item])
        return due_id

    def open(self, key: str | None = None, until: datetime = UNTIL, who: str = "operator") -> Settlement:
        return opening.open_settlement(
            P, until, context(who, key, f"{P} {until}"), lag_seconds=LAG, repositories=self.repositories
        )

    def compute(self, settlement_id: str) -> Settlement:
        """All that the state machine does."""
        for shard in range(SHARDS):
            computing.claim_shard(settlement_id, shard, deps=self.deps)
        return computing.close(settlement_id, repositories=self.repositories, rewards=self.rewards, now=NOW)

    def settled(self, key: str | None = None) -> Settlement:
        """A settlement, opened and computed."""
        return self.compute(self.open(key).id)

    def approve(self, settlement: Settlement, who: str, key: str | None = None) -> Settlement:
        return approving.approve(
            settlement.id,
            settlement.hash,
            context(who, key, settlement.hash),
            repositories=self.repositories,
            staff=self.alliance,
        )

    def post(self, settlement_id: str) -> Settlement:
        for shard in range(SHARDS):
            posting.post_shard(
                settlement_id, shard, repositories=self.repositories, ledger=self.ledger, now=NOW
            )
        return posting.close_posting(settlement_id, repositories=self.repositories)

    def approved_and_posted(self, settlement: Settlement) -> Settlement:
        self.approve(settlement, "first")
        self.approve(settlement, "second")
        return self.post(settlement.id)

    def pay(
        self, settlement: Settlement, merchant_id: str, fen: int, key: str | None = None, **more: Any
    ) -> Statement:
        return payments.record_payment(
            settlement.id,
            merchant_id,
            fen,
            more.get("reference", "wire 2"),
            more.get("paid_at", NOW),
            context("operator", key, f"{merchant_id} {fen}"),
            repositories=self.repositories,
            ledger=self.ledger,
        )

    def leave(self, member_id: str, merchant_id: str) -> None:
        """A member leaves a merchant's staff."""
        self.alliance.places[member_id].remove(merchant_id)
        place = self.alliance.gone_key(merchant_id, member_id)
        self.rewards.dynamodb.put_all(place.table, [place.key])

    def statement(self, settlement: Settlement, merchant_id: str) -> Statement:
        return self.repositories.statements.find(settlement.id, merchant_id)

    def lines(self, settlement: Settlement, merchant_id: str = "") -> list[tuple[Any, ...]]:
        """(merchant, reward, budget, fen each, payables, pieces, fen)."""
        return [
            (*line.key, line.tally.payables, line.tally.pieces, line.tally.fen)
            for line in self.repositories.statements.lines(settlement.id, merchant_id)
        ]

    def owed(self, merchant_id: str) -> int:
        """What is approved and not yet paid."""
        return self.ledger.balance(merchant_account(merchant_id), "CNY").amounts.get("fen", 0)

    def left(self, budget_id: str) -> int:
        return self.ledger.balance(account_of(budget_id), "CNY").amounts.get("fen", 0)

    def committed(self, *accounts: str) -> dict[str, int]:
        """The balances of ``committed:`` accounts, re-added from the statements of the others."""
        sums: dict[str, int] = {}
        for account in accounts:
            for transfer in self.ledger.transfers(account, 100, None).items:
                for leg in transfer.legs:
                    if leg.account.startswith("committed:"):
                        reward_id = leg.account.partition(":")[2]
                        sums[reward_id] = sums.get(reward_id, 0) + leg.amount
        return sums

    def kinds(self, account: str) -> list[str]:
        """The kinds of the account's transfers, in the order of the alphabet."""
        return sorted(each.kind for each in self.ledger.transfers(account, 100, None).items)

    def sound(self) -> None:
        """The ledger agrees with itself."""
        report = audit(self.ledger)
        assert report.sound, report.differences


def context(who: str, key: str | None = None, body: str = "body", now: datetime = NOW) -> RequestContext:
    return RequestContext(who, now, key, body)
