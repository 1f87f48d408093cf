"""A town on real tables: members with points in lots, rewards of every kind, a sponsor's budget, a merchant's settlements."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from puhui.kernel import clock, ids
from puhui.ledger.api import AUDIT_SHARDS, Ledger, Leg, Transfer, member, points
from puhui.ledger.audit import audit
from puhui.partners import api as partners
from puhui.points import expiry, reconciliation
from puhui.points.dynamo import Points
from puhui.points.model import Job
from puhui.points.report import Report
from puhui.rewards.catalogue import offers
from puhui.rewards.catalogue.listing import Listing
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.coupons import usecases as coupons
from puhui.rewards.coupons.model import Coupon
from puhui.rewards.redemptions.cancelling import cancel
from puhui.rewards.redemptions.decision import Redeem
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.saga import Dependencies, end, record_answer
from puhui.rewards.redemptions.usecases import redeem
from puhui.rewards.repositories import Rewards
from puhui.store.client import DynamoDB
from puhui.store.session import Session, attempt
from tests.support import gateway
from tests.support.ledger import post_transfer

P = "guangdong-tanpuhui"  # its coupons give their points back when nobody used them
PTS = points(P)
NOW = clock.from_text("2026-11-20T12:00:00+08:00")
MERCHANT, BUDGET, PARTNER = "shop", "sponsor", "grid"


class Town:
    """What tests do on behalf of members, operators and clerks."""

    def __init__(self, make_table: Callable[[str], str]) -> None:
        self.tables = {name: make_table(name) for name in ("points", "ledger", "rewards", "merchants")}
        self.dynamodb = DynamoDB()
        self.points = Points(self.dynamodb, self.tables["points"])
        self.ledger = Ledger(self.dynamodb, self.tables["ledger"])
        self.rewards = Rewards(self.dynamodb, self.tables["rewards"], self.tables["merchants"])
        self.catalogue = Listing(self.tables["rewards"])
        self.told: list[tuple[str, int, str]] = []
        self.count = 0
        self.now = NOW
        self.dynamodb.put_all(
            self.tables["merchants"],
            [
                {
                    "owner": f"merchant:{MERCHANT}",
                    "entry": "merchant",
                    "standing": {
                        "id": MERCHANT,
                        "programme_id": P,
                        "name": {"zh-CN": "店", "en": "Shop"},
                        "kind": "shop",
                        "status": "certified",
                        "regions": [],
                    },
                }
            ],
        )

    # Points

    def id(self) -> str:
        self.count += 1
        return ids.derived_id(NOW, "town", str(self.count))

    def post(self, kind: str, *legs: Leg, reference: str = "") -> Transfer:
        transfer = Transfer(self.id(), kind, self.now, legs, reference)
        return post_transfer(transfer, ledger=self.ledger, now=self.now)

    def member(self, **lots: int) -> str:
        """A new member with so many points in each lot, e.g. ``_2026_11=500``."""
        member_id = self.id()
        for lot, amount in lots.items():
            self.earn(member_id, amount, lot.removeprefix("_").replace("_", "-"))
        return member_id

    def earn(self, member_id: str, amount: int, lot: str, kind: str = "credit") -> Transfer:
        source = "retired" if kind == "refund" else "issuance"
        return self.post(kind, Leg(f"{source}:{P}", PTS, -amount), Leg(member(member_id), PTS, amount, lot))

    def lots(self, member_id: str) -> dict[str, int]:
        balance = self.ledger.balance(member(member_id), P)
        assert sum(balance.lots.values()) == balance.amounts.get("points", 0)
        return dict(balance.lots)

    def statement(self, member_id: str, kind: str) -> list[Transfer]:
        found = self.ledger.transfers(member(member_id), 100, None).items
        return [transfer for transfer in found if transfer.kind == kind]

    # Rewards

    def put(self, **changes: Any) -> Reward:
        document = {
            "id": "cola",
            "programme_id": P,
            "kind": "good",
            "title": {"zh-CN": "可乐", "en": "Cola"},
            "price_points": 100,
            "stock": 1_000,
            "per_member_limit": None,
        }
        document |= changes
        if document["kind"] == "good" and not document.get("merchant_id"):
            document.setdefault("delivery", "none")
        wanted = terms_from(document)
        return offers.put_reward(wanted, rewards=self.rewards, ledger=self.ledger, now=self.now)

    def sponsored(self, reward_id: str, kind: str, **changes: Any) -> Reward:
        terms = {"merchant_id": MERCHANT, "sponsor": {"budget_id": BUDGET, "fen": 30}}
        return self.put(id=reward_id, kind=kind, **(terms | changes))

    def fund(self, fen: int) -> None:
        self.post("fund", Leg(f"bank:{P}", "CNY", -fen), Leg(f"budget:{BUDGET}", "CNY", fen))

    def redeem(
        self, member_id: str, reward_id: str = "cola", quantity: int = 1, now: datetime | None = None
    ) -> Redemption:
        command = Redeem(member_id, reward_id, quantity, self.id(), f"{reward_id} {quantity}")
        return redeem(command, rewards=self.rewards, ledger=self.ledger, now=now or self.now)

    def cancel(self, redemption: Redemption) -> None:
        cancel(redemption.member_id, redemption.id, rewards=self.rewards, ledger=self.ledger, now=self.now)

    def coupons(self, redemption: Redemption) -> list[Coupon]:
        return [each for each in self.rewards.coupons.of_redemption(redemption) if each]

    def use(self, coupon: Coupon) -> None:
        """A clerk takes the coupon."""
        due_id = ids.derived_id(self.now, coupon.id, "due")
        used = replace(coupon, status="used", used_at=self.now, payable_id=due_id)
        attempt(self.dynamodb, lambda session: self.rewards.coupons.change(session, coupon, used))

    def hand_on(self, coupon: Coupon, friend_id: str) -> None:
        may = replace(
            coupon, transferable=True
        )  # as a programme that lets coupons be handed on would have made it
        attempt(self.dynamodb, lambda session: self.rewards.coupons.change(session, coupon, may))
        coupons.hand_on(
            coupon.member_id, coupon.id, friend_id, key=None, body_hash="", rewards=self.rewards, now=self.now
        )

    def let_expire(self, coupon: Coupon) -> None:
        ended = replace(coupon, expires_at=self.now - timedelta(days=4))  # as if its days were over
        attempt(self.dynamodb, lambda session: self.rewards.coupons.change(session, coupon, ended))
        coupons.expire(coupon.member_id, coupon.id, rewards=self.rewards, ledger=self.ledger, now=self.now)

    def answer(self, redemption: Redemption, outcome: str) -> None:
        """The partner says how an order went."""
        deps = Dependencies(self.rewards, self.ledger, None, lambda: None, lambda: None)  # type: ignore[arg-type, return-value]
        said = partners.Answer(outcome, "", "", "")
        record_answer(redemption.member_id, redemption.id, said, deps=deps)
        end(redemption.member_id, redemption.id, deps=deps, now=self.now)

    # Money

    def dues(self) -> list[Any]:
        found = []
        for shard in range(8):
            found += self.rewards.payables.unsettled(MERCHANT, shard, NOW + timedelta(days=900), 100, None)[0]
        return found

    def settle(self, settlement_id: str, *, post: bool = True, pay: bool = True) -> int:
        """Claim every due, move its money to the merchant and pay it."""
        dues = self.dues()
        fen: dict[str, int] = {}
        for due in dues:
            session = Session(self.dynamodb)
            self.rewards.payables.add_claim(session, due, settlement_id)
            session.commit()
            fen[due.reward_id] = fen.get(due.reward_id, 0) + due.fen * due.pieces
        fen = {reward_id: amount for reward_id, amount in fen.items() if amount}
        total = sum(fen.values())
        if post and total:
            legs = [Leg(f"committed:{reward_id}", "CNY", -amount) for reward_id, amount in fen.items()]
            self.post("settle", *legs, Leg(f"merchant:{MERCHANT}", "CNY", total), reference=settlement_id)
            if pay:
                out = (Leg(f"merchant:{MERCHANT}", "CNY", -total), Leg(f"bank:{P}", "CNY", total))
                self.post("pay", *out, reference=settlement_id)
        return total

    # Runs

    def deps(self, *, tells: bool = True) -> expiry.Dependencies:
        def tell(member_id: str, _programme_id: str, held: int, lot: str) -> bool:
            self.told.append((member_id, held, lot))
            return not member_id.endswith("silent")

        return expiry.Dependencies(self.points, self.ledger, self.rewards, tell if tells else None)

    def run(self, day: str, *, again: str = "", tells: bool = True) -> dict[str, int]:
        """The run of a day, shortly after midnight."""
        job = expiry.start(date.fromisoformat(day), again, asked=True, points=self.points)
        assert job
        self.work(job, day, tells=tells)
        return self.points.close_job(job.id)

    def work(self, job: Job, day: str, *, tells: bool = True) -> None:
        now = clock.from_text(f"{day}T00:10:00+08:00")
        self.now = max(self.now, now)
        for shard in range(AUDIT_SHARDS):
            expiry.work_shard(job.id, shard, deps=self.deps(tells=tells), now=now)

    def report(self) -> dict[str, Any]:
        report = self.start_report()
        return self.read(report)

    def start_report(self) -> Report:
        """A report, an hour after what happened before it; what happens from then on happens while it runs."""
        self.now += timedelta(hours=1)
        return reconciliation.start(
            P,
            started_by="operator",
            key=self.id(),
            body_hash="",
            points=self.points,
            offers=self.catalogue,
            rewards=self.rewards,
            now=self.now,
        )

    def read(self, report: Report) -> dict[str, Any]:
        deps = reconciliation.Dependencies(self.points, self.ledger, self.rewards)
        for shard in range(AUDIT_SHARDS):
            reconciliation.read_shard(report.id, shard, deps=deps)
        reconciliation.close(report.id, deps=deps)
        told = reconciliation.find(report.id, self.points).shown()
        assert gateway.declares("get_report", 200, told)
        return told


@pytest.fixture
def town(make_table: Callable[[str], str]) -> Any:
    town = Town(make_table)
    yield town
    assert audit(town.ledger).sound


@pytest.fixture
def tampered_town(make_table: Callable[[str], str]) -> Town:
    """A town whose tables a test changes by hand: the ledger's audit is not asked afterwards."""
    return Town(make_table)
