"""A shop on real tables: merchants and their staff, a sponsor, and members with points."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

import pytest

from puhui.kernel import ids
from puhui.kernel.errors import DomainError
from puhui.ledger.api import Ledger, Leg, Transfer, lot_expiring, member, points
from puhui.ledger.audit import audit
from puhui.merchants.applications.applying import import_merchant
from puhui.merchants.applications.deciding import DecisionRequest, decide
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff.model import CLERK, MANAGER, Branch, Staff
from puhui.rewards.api import PAYABLE_SHARDS
from puhui.rewards.catalogue import offers
from puhui.rewards.catalogue.listing import Listing
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.catalogue.usecases import list_rewards
from puhui.rewards.coupons import usecases as coupons
from puhui.rewards.coupons.model import ISSUED, USED, Coupon
from puhui.rewards.payables import Payable
from puhui.rewards.redemptions import queue
from puhui.rewards.redemptions.cancelling import cancel
from puhui.rewards.redemptions.decision import Redeem
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.usecases import redeem
from puhui.rewards.repositories import Rewards
from puhui.store.client import DynamoDB
from puhui.store.cursors import Cursors
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from tests.contracts.merchants.conftest import legal_id
from tests.support.ledger import post_transfer

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CURSORS = Cursors(b"k" * 32)
P = "carbon-88"
RETURNS, HANDS_ON = "guangdong-tanpuhui", "green-passport-3060"  # what these programmes say of coupons
AUTHORITY, OTHER_AUTHORITY = "Z" * 26, "Y" * 26
NUMBERS = count()  # of merchants: no two have one code
T = TypeVar("T")


@dataclass
class Store:
    """A certified merchant: its owner, a manager, two clerks, one of a single branch, and two branches."""

    id: str
    owner: str
    manager: str
    clerk: str
    colleague: str
    clerk_of_tianhe: str
    branches: tuple[str, str] = ("tianhe", "futian")


@dataclass
class Sponsored:
    """A reward's money and pieces, side by side."""

    committed: int
    stock: int
    promised: int
    used: int
    fen: int

    @property
    def agrees(self) -> bool:
        """The invariant: what is set aside is what the pieces in stock, promised, or used and unsettled will cost."""
        return self.committed == self.fen * (self.stock + self.promised + self.used)


@dataclass
class Shop:
    """What a test does on behalf of operators, merchants and members."""

    rewards_table: str
    ledger_table: str
    merchants_table: str
    members: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        dynamodb = DynamoDB()
        self.rewards, self.ledger = self.connect(dynamodb)
        self.merchants = Merchants(dynamodb, self.merchants_table, Sealer(b"k" * 32, b"p" * 32))
        self.listing = Listing(self.rewards_table)

    @property
    def tables(self) -> tuple[str, str]:
        return self.rewards_table, self.ledger_table

    def connect(self, dynamodb: DynamoDB) -> tuple[Rewards, Ledger]:
        """A process of its own."""
        rewards = Rewards(dynamodb, self.rewards_table, self.merchants_table)
        return rewards, Ledger(dynamodb, self.ledger_table)

    # Operators and merchants

    def document(self, **changes: Any) -> dict[str, Any]:
        """The terms of a reward, as they are handed in."""
        standard = {
            "id": "cola",
            "programme_id": P,
            "kind": "good",
            "title": {"zh-CN": "可乐", "en": "Cola"},
            "price_points": 500,
            "stock": 1_000,
            "per_member_limit": 5,
        }
        made = standard | changes
        if made["kind"] == "good" and not made.get("merchant_id"):
            made.setdefault("delivery", "none")
        return made

    def put(self, **changes: Any) -> Reward:
        wanted = terms_from(self.document(**changes))
        return offers.put_reward(wanted, rewards=self.rewards, ledger=self.ledger, now=NOW)

    def put_coupon(self, store: Store, **changes: Any) -> Reward:
        """A reward of a merchant's: tea for 100 points a cup."""
        standard = {"id": "tea", "kind": "coupon", "price_points": 100, "merchant_id": store.id}
        return self.put(**{**standard, "per_member_limit": None, **changes})

    def propose(
        self, store: Store, by: str = "", key: str | None = None, body: str = "", **changes: Any
    ) -> Reward:
        standard = {"id": "tea", "kind": "coupon", "price_points": 100, "merchant_id": store.id, "stock": 10}
        wanted, who = terms_from(self.document(**{**standard, **changes})), by or store.manager
        offers.require_proposer(wanted, who, merchants=self.merchants)
        self.require_givers(wanted)
        return offers.propose(wanted, who, key=key, body_hash=body, rewards=self.rewards, now=NOW)

    def require_givers(self, wanted: Reward, by: str = "", partners: Any = None) -> None:
        offers.require_givers(wanted, by, merchants=self.merchants, partners=partners)

    def publish(self, reward_id: str = "tea", by: str = "operator", version: int | None = None) -> Reward:
        """As it stands, unless another version was read."""
        standing = self.rewards.catalogue.reward(reward_id)
        return offers.publish(
            reward_id,
            version or (standing.version if standing else 1),
            by,
            rewards=self.rewards,
            ledger=self.ledger,
            merchants=self.merchants,
            now=NOW,
        )

    def close(self, reward_id: str = "tea", now: datetime = NOW) -> Reward:
        return offers.close(reward_id, rewards=self.rewards, ledger=self.ledger, now=now)

    def open_store(self, programme: str = P) -> Store:
        """A new merchant with its people and its places."""
        merchant_id, owner = ids.new_id(NOW), ids.new_id(NOW)
        body = {
            "programme_id": programme,
            "kind": "business",
            "name": {"zh-CN": "绿叶咖啡", "en": "Green Leaf Coffee"},
            "description": {"zh-CN": "自带杯", "en": "Bring your cup"},
            "legal_id": legal_id(next(NUMBERS)),
            "contact": {"name": "陈小满", "phone": "13800000000"},
            "regions": ["CN"],
        }
        import_merchant(merchant_id, owner, AUTHORITY, body, merchants=self.merchants, now=NOW)
        store = Store(merchant_id, owner, *(ids.new_id(NOW) for _ in range(4)))
        session = Session(self.merchants.dynamodb)
        for branch_id, region in zip(store.branches, ("CN-GD-GZ", "CN-GD-SZ"), strict=True):
            name = {"zh-CN": branch_id, "en": branch_id}
            self.merchants.staff.put_branch(
                session, Branch(branch_id, merchant_id, name, "1", region, open=True)
            )
        session.commit()
        self.hire(store, store.manager, MANAGER)
        self.hire(store, store.clerk)
        self.hire(store, store.colleague)
        self.hire(store, store.clerk_of_tianhe, branch_id="tianhe")
        return store

    def hire(self, store: Store, who: str, role: str = CLERK, branch_id: str = "") -> None:
        session = Session(self.merchants.dynamodb)
        self.merchants.staff.add(session, None, Staff(who, store.id, role, branch_id, NOW))
        session.commit()

    def decide(self, store: Store, what: str, by: str = AUTHORITY) -> None:
        """Suspend or reinstate a merchant."""
        command = DecisionRequest(store.id, what, by, None, what, "COMPLAINTS")
        decide(command, merchants=self.merchants, now=NOW)

    # The sponsor

    def fund(self, fen: int, budget: str = "green", programme: str = P) -> None:
        legs = (Leg(f"bank:{programme}", "CNY", -fen), Leg(f"budget:{budget}", "CNY", fen))
        post_transfer(Transfer(ids.new_id(NOW), "fund", NOW, legs), ledger=self.ledger, now=NOW)

    def budget(self, budget: str = "green") -> int:
        return self.ledger.balance(f"budget:{budget}", "CNY").amounts.get("fen", 0)

    def sponsored(self, reward_id: str = "tea", budget: str = "green") -> Sponsored:
        """What is set aside for a reward, read from the sponsor's and the merchant's statements, and its pieces."""
        reward = self.rewards.catalogue.reward(reward_id)
        assert reward
        held, account = 0, f"committed:{reward_id}"
        for owner in (f"budget:{budget}", f"merchant:{reward.merchant_id}"):
            for transfer in self.ledger.transfers(owner, 1_000, None).items:
                held += sum(leg.amount for leg in transfer.legs if leg.account == account)
        given = [each for who in self.members for each in self.rewards.member_items(who)[1]]
        mine = [coupon for coupon in given if coupon.reward_id == reward_id]
        return Sponsored(
            held,
            sum(self.left(reward_id)),
            sum(coupon.status == ISSUED for coupon in mine),
            sum(coupon.status == USED and not coupon.settlement_id for coupon in mine),
            reward.fen,
        )

    def settle(self, merchant_id: str) -> int:
        """Claim and pay out everything that a merchant is owed; how many dues there were."""
        settlement_id, owed = ids.new_id(NOW), self.dues(merchant_id)
        for due in owed:
            session = Session(self.rewards.dynamodb)
            self.rewards.payables.add_claim(session, due, settlement_id)
            session.commit()
            if due.fen:
                fen = due.fen * due.pieces
                legs = (
                    Leg(f"committed:{due.reward_id}", "CNY", -fen),
                    Leg(f"merchant:{merchant_id}", "CNY", fen),
                )
                post_transfer(Transfer(due.id, "settle", NOW, legs), ledger=self.ledger, now=NOW)
        return len(owed)

    def dues(self, merchant_id: str, until: datetime = datetime(2100, 1, 1, tzinfo=UTC)) -> list[Payable]:
        """Everything unsettled, shard by shard."""
        found: list[Payable] = []
        for shard in range(PAYABLE_SHARDS):
            start = None
            while True:
                page, start = self.rewards.payables.unsettled(merchant_id, shard, until, 2, start)
                found += page
                if start is None:
                    break
        return found

    # Members

    def member(self, balance: int = 0, programme: str = P, months: tuple[int, ...] = (24,)) -> str:
        """A new member with so many points in lots that end in so many months, as evenly as they go."""
        member_id, asset = ids.new_id(NOW), points(programme)
        self.members.append(member_id)
        each, rest = divmod(balance, len(months))
        for number, ends_in in enumerate(months):
            if amount := each + (rest if number == 0 else 0):
                legs = (
                    Leg(f"issuance:{programme}", asset, -amount),
                    Leg(member(member_id), asset, amount, lot_expiring(NOW.date(), ends_in)),
                )
                post_transfer(Transfer(ids.new_id(NOW), "credit", NOW, legs), ledger=self.ledger, now=NOW)
        return member_id

    def redeem(self, member_id: str, quantity: int = 1, key: str | None = None, **more: Any) -> Redemption:
        reward_id = more.get("reward_id", "cola")
        command = Redeem(
            member_id,
            reward_id,
            quantity,
            key,
            f"{reward_id} {quantity}",
            lambda _id: more.get("delivery", b""),
            more.get("price_points"),
        )
        rewards, ledger = more.get("process") or (self.rewards, self.ledger)
        return redeem(command, rewards=rewards, ledger=ledger, now=more.get("now", NOW))

    def buy(self, member_id: str, quantity: int = 1, **more: Any) -> list[Coupon]:
        """Redeem pieces of the merchant's reward; their coupons."""
        made = self.redeem(member_id, quantity, **{"reward_id": "tea", **more})
        return [self.coupon(made.member_id, coupon_id) for coupon_id in made.coupons]

    def cancel(self, member_id: str, redemption_id: str, now: datetime = NOW) -> Redemption:
        return cancel(member_id, redemption_id, rewards=self.rewards, ledger=self.ledger, now=now)

    def hand_on(
        self, coupon: Coupon, friend: str, key: str | None = None, now: datetime = NOW, **more: Any
    ) -> Coupon:
        """Give a coupon to a friend; what the friend has."""
        coupon_id = coupons.hand_on(
            more.get("by", coupon.member_id),
            coupon.id,
            friend,
            key=key,
            body_hash=friend,
            rewards=more.get("rewards", self.rewards),
            now=now,
        )
        return self.coupon(friend, coupon_id)

    def expire(self, coupon: Coupon, now: datetime) -> bool:
        return coupons.expire(coupon.member_id, coupon.id, rewards=self.rewards, ledger=self.ledger, now=now)

    # Tills

    def verify(
        self,
        who: str,
        code: str,
        branch: str = "",
        at: datetime | None = None,
        key: str | None = None,
        **more: Any,
    ) -> Coupon:
        return coupons.verify(
            who,
            code,
            branch,
            at,
            key=key,
            body_hash=f"{code} {branch} {at}",
            rewards=more.get("rewards", self.rewards),
            merchants=self.merchants,
            now=more.get("now", NOW),
        )

    # The queue

    def serve(self, ticket: Redemption, now: datetime = NOW, process: Any = None) -> Redemption:
        rewards, ledger = process or (self.rewards, self.ledger)
        return queue.serve(ticket.member_id, ticket.id, rewards=rewards, ledger=ledger, now=now)

    def queue(self, reward_id: str, shard: int) -> dict[str, Any]:
        """The counters of a queue shard."""
        key = {"owner": f"queue:{reward_id}:{shard}", "entry": "queue"}
        item = self.rewards.dynamodb.get(self.rewards_table, key) or {}
        return {"issued": item.get("issued", 0), "serving": item.get("serving", 0)}

    # Looking

    def offered(self, reward_id: str = "tea") -> Reward:
        reward = self.rewards.catalogue.reward(reward_id)
        assert reward
        return reward

    def coupon(self, member_id: str, coupon_id: str) -> Coupon:
        return coupons.get_coupon(member_id, coupon_id, rewards=self.rewards)

    def holds(self, member_id: str) -> list[Coupon]:
        """The coupons that a member has, whoever paid for them."""
        return self.rewards.coupons.page(member_id, 100, None)[0]

    def listed(self, programme: str = P, region: str = "") -> list[str]:
        """The ids of what members see."""
        page = list_rewards(
            programme,
            50,
            None,
            listing=self.listing,
            cursors=CURSORS,
            merchants=self.merchants,
            region=region,
        )
        return [offer.reward.id for offer in page.items]

    def left(self, reward_id: str = "cola") -> list[int]:
        """The pieces in each shard."""
        return self.rewards.stock.left(self.offered(reward_id))

    def points(self, member_id: str, programme: str = P) -> int:
        return self.ledger.balance(member(member_id), programme).points(NOW.date())

    def lots(self, member_id: str, programme: str = P) -> dict[str, int]:
        return dict(self.ledger.balance(member(member_id), programme).lots)

    def taken(self, member_id: str, entry: str) -> int | None:
        """The pieces that are counted against a limit."""
        item = self.rewards.dynamodb.get(
            self.rewards_table, {"owner": f"member:{member_id}", "entry": f"L#{entry}"}
        )
        return item["taken"] if item else None

    def redemptions(self, member_id: str) -> list[Redemption]:
        return self.rewards.redemptions.by_time(member_id, 100, None)[0]

    def spent(self, member_id: str) -> int:
        """How many redemptions stand in the member's statement."""
        page = self.ledger.transfers(member(member_id), 100, None)
        return sum(transfer.kind == "redemption" for transfer in page.items)


def at_once(calls: Iterable[Callable[[], T]]) -> list[T | DomainError]:
    """What each of the calls, made at the same time, comes to."""

    def outcome(call: Callable[[], T]) -> T | DomainError:
        try:
            return call()
        except DomainError as refused:
            return refused

    todo = list(calls)
    with ThreadPoolExecutor(len(todo)) as pool:
        return list(pool.map(outcome, todo))


def refused(outcomes: Iterable[object]) -> list[str]:
    """The codes of what was refused, in the order of the alphabet."""
    return sorted(outcome.code for outcome in outcomes if isinstance(outcome, DomainError))


@pytest.fixture
def only_shipped_programmes(function_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that need no table of programmes, since those that ship with the layer are enough."""
    monkeypatch.delenv("PROGRAMMES_TABLE")


@pytest.fixture(scope="session")
def shared() -> dict[str, str]:
    """Tables that all tests share, by region: each opens merchants of its own."""
    return {}


@pytest.fixture
def shop(make_table: Callable[[str], str], shared: dict[str, str]) -> Any:
    region = os.environ["AWS_REGION"]
    if region not in shared:
        shared[region] = make_table("merchants")
    shop = Shop(make_table("rewards"), make_table("ledger"), shared[region])
    yield shop
    assert audit(shop.ledger).sound
