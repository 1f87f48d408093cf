"""Whatever a town does, a report agrees to the unit; and whatever single thing is taken out of its tables, it does not."""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from puhui.kernel.errors import Conflict, Invalid
from puhui.ledger.api import member
from puhui.points import usecases
from puhui.points.model import DONATE
from puhui.rewards.redemptions.model import Redemption
from puhui.store import aws
from puhui.store.values import decode_item
from tests.contracts.points.conftest import NOW, PARTNER, P, Town

LOTS = ("2026-09", "2026-10", "2026-11", "2026-12", "2028-05")
STEPS = 140


class Life:
    """Random acts of a town's people, all out of one seed."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town, self.chance = town, random.Random(seed)
        self.members = [town.member(_2026_11=2_000) for _ in range(6)]
        self.issued = 6 * 2_000
        self.stock = {"cola": 60, "tea": 60, "trees": 5_000, "ride": 60}
        town.fund(1_000_000)
        town.put(stock=60, shards=3)
        town.sponsored("tea", "coupon", stock=60, cancellable=True)
        town.sponsored("trees", "donation", stock=5_000, price_points=7)
        town.sponsored("ride", "service", partner_id=PARTNER, partner_item="ride", stock=60)
        for who in self.members[:3]:
            usecases.choose(who, P, DONATE, "trees", points=town.points, rewards=town.rewards, now=NOW)
        self.settlements = 0

    def live(self) -> None:
        acts: list[Callable[[], None]] = [
            *[self.earn] * 4,
            *[self.redeem] * 8,
            *[self.answer] * 3,
            *[self.coupon] * 5,
            self.cancel,
            self.offer_more,
            self.settle,
            self.refund_late,
        ]
        for number in range(STEPS):
            # What is refused (too few points, nothing left) leaves nothing behind: that is part of the property.
            with suppress(Conflict, Invalid):
                self.chance.choice(acts)()
            if number == STEPS // 2:
                self.town.run("2026-11-28")
        self.town.run("2026-12-01")

    def someone(self) -> str:
        return self.chance.choice(self.members)

    def redemptions(self, *status: str) -> list[Redemption]:
        found = [each for who in self.members for each in self.town.rewards.member_items(who)[0]]
        return [each for each in found if each.status in status]

    def earn(self) -> None:
        amount = self.chance.randint(1, 900)
        self.town.earn(self.someone(), amount, self.chance.choice(LOTS))
        self.issued += amount

    def redeem(self) -> None:
        reward_id = self.chance.choice(("cola", "tea", "tea", "trees", "ride"))
        self.town.redeem(self.someone(), reward_id, self.chance.randint(1, 4))

    def answer(self) -> None:
        if waiting := self.redemptions("processing"):
            self.town.answer(self.chance.choice(waiting), self.chance.choice(("issued", "refused")))

    def coupon(self) -> None:
        held = [each for who in self.members for each in self.town.rewards.member_items(who)[1]]
        if open_ := [each for each in held if each.status == "issued"]:
            act = self.chance.choice((self.town.use, self.town.use, self.town.let_expire, self.hand_on))
            act(self.chance.choice(open_))

    def hand_on(self, coupon: Any) -> None:
        friends = [who for who in self.members if who != coupon.member_id]
        self.town.hand_on(coupon, self.chance.choice(friends))

    def cancel(self) -> None:
        if done := self.redemptions("fulfilled"):
            self.town.cancel(self.chance.choice(done))

    def offer_more(self) -> None:
        reward_id = self.chance.choice(("tea", "ride"))
        more = {"tea": {"cancellable": True}, "ride": {"partner_id": PARTNER, "partner_item": "ride"}}
        kind = {"tea": "coupon", "ride": "service"}[reward_id]
        self.stock[reward_id] += self.chance.randint(1, 9)
        self.town.sponsored(reward_id, kind, stock=self.stock[reward_id], **more[reward_id])

    def settle(self) -> None:
        self.settlements += 1
        post = self.chance.random() < 0.7
        self.town.settle(f"S{self.settlements}", post=post, pay=self.chance.random() < 0.5)

    def refund_late(self) -> None:
        """Points come back into a lot that has ended, as they never should: the next run ends them again."""
        who, amount = self.someone(), self.chance.randint(1, 50)
        self.town.earn(who, amount, "2026-09")
        self.issued += amount


@pytest.fixture
def life(make_table: Callable[[str], str], request: pytest.FixtureRequest) -> Life:
    made = Life(Town(make_table), request.param)
    made.live()
    return made


def balanced(report: dict[str, Any]) -> int:
    """The whole identity's one side, out of the report's own figures."""
    told = report["points"]
    spent = sum(each["points"] for each in told["spent"])
    total: int = told["issued"] - told["taken_back"] - spent + told["refunded"] - told["expired"]
    return total


@pytest.mark.parametrize("life", range(4), indirect=True)
def test_a_report_agrees_to_the_unit_whatever_happened(life: Life):
    town, report = life.town, life.town.report()
    assert report["reconciles"], report["differences"]
    assert report["in_motion"] == []
    told = report["points"]
    assert told["issued"] == life.issued
    assert balanced(report) == told["outstanding"] + told["held"]
    lots = [town.lots(who) for who in life.members]
    assert told["outstanding"] == sum(sum(each.values()) for each in lots)
    assert all(lot >= "2026-12" for each in lots for lot, held in each.items() if held)
    for each in report["rewards"]:
        reward = town.rewards.catalogue.reward(each["reward_id"])
        assert reward
        assert each["stock"]["left"] == sum(town.rewards.stock.left(reward))
        assert each["stock"]["offered"] == life.stock[reward.id]
        money = each["budget"]
        assert money["committed_fen"] == sum(
            money[name] for name in ("in_stock_fen", "promised_fen", "due_fen")
        )
    (budget,) = report["budgets"]
    assert budget["left_fen"] + budget["committed_fen"] + budget["settled_fen"] == 1_000_000


@pytest.mark.parametrize("life", [11, 12], indirect=True)
def test_whatever_single_thing_is_left_out_is_named(life: Life):
    town = life.town
    assert town.report()["reconciles"]
    spent = [each for each in life.redemptions("fulfilled") if each.quantity]
    for chosen in life.chance.sample(spent, 3):
        owner = member(chosen.member_id)
        places = [(town.tables["rewards"], {"owner": owner, "entry": f"X#{chosen.id}"})]
        if not chosen.partner_id:  # a partner's stands under the posting of its hold
            places.append((town.tables["ledger"], {"account": owner, "entry": f"T#{chosen.transfer_id}"}))
        for table, key in places:
            item = town.dynamodb.get(table, key)
            assert item
            town.dynamodb.delete_all(table, [key])
            report = town.report()
            assert not report["reconciles"]
            named = {each["id"] for each in report["differences"] if each["about"] == "redemption"}
            assert named == {chosen.id}
            others = {each["id"] for each in report["differences"] if each["about"] == "account"}
            assert others <= {owner}
            town.dynamodb.put_all(table, [item])
    for who in life.chance.sample(life.members, 2):
        for transfer in life.chance.sample(town.ledger.transfers(member(who), 100, None).items, 3):
            key = {"account": member(who), "entry": f"T#{transfer.id}"}
            item = town.dynamodb.get(town.tables["ledger"], key)
            assert item
            town.dynamodb.delete_all(town.tables["ledger"], [key])
            assert not town.report()["reconciles"]
            town.dynamodb.put_all(town.tables["ledger"], [item])
    assert town.report()["reconciles"]


# What a report does not judge (points/README.md says why), by kind of item: all of it, or attributes.
NOT_JUDGED: dict[str, set[str]] = {
    "X": {"title", "redeemed_at", "body_hash", "answer", "cancellable", "reason_code", "due_id", "due_to"}
    | {"ends_in", "ends_at", "reference", "voucher", "settlement_id", "taken_in", "returned_in"}
    | {"handover", "delivery", "sent_at", "carrier", "received_at", "confirmed", "version"},
    "K": {"title", "code", "issued_at", "expires_at_time", "used_at", "transferable", "returns_points"}
    | {"due_id", "due_to", "ends_in", "ends_at", "returned_in", "version"},
    "stock": {"mark"},
    "reward": {
        "delivery",
        "title",
        "price_points",
        "state",
        "version",
        "per_member_limit",
        "valid_days",
        "cancellable",
    }
    | {"programme_id", "of_merchant", "partner_item", "proposed_by", "published_by", "shards"},
    "T": {"kind", "at", "reference", "hash", "shape"},  # an item of another shape is not read at all
    "H": {"runs_out", "hash", "resolved_by", "shape"},
    "B": {"audit_shard", "v"},
}
NEVER_READ = {"V", "order"}


STATES = (
    ("issued", "used", "expired"),
    ("queued", "processing", "fulfilled", "", "refunded", "cancelled"),
    ("pending", "posted", "", "voided"),
)


def altered(value: Any) -> list[Any]:
    """What one thing that was changed by hand leaves."""
    if type(value) is bool:
        return [not value]
    if type(value) is int:
        return [value + 1, value - 1]
    for states in STATES:
        if value in states:  # refunded and cancelled, voided and run out come to the same
            return [each for each in states[: states.index("") if "" in states else None] if each != value]
    if isinstance(value, str):
        return [value + "x"]
    if value and isinstance(value[0], dict) and "amount" in value[0]:  # legs
        moved = [dict(each) for each in value]
        moved[0]["amount"] -= 1
        moved[1]["amount"] += 1
        return [moved] if moved[0]["amount"] and moved[1]["amount"] else []
    return []


def everything(town: Town) -> list[tuple[str, dict[str, str], dict[str, Any]]]:
    """Table, key and item of all there is, one of each kind and state."""
    found: dict[tuple[Any, ...], tuple[str, dict[str, str], dict[str, Any]]] = {}
    for name, owner in (("rewards", "owner"), ("ledger", "account")):
        table = town.tables[name]
        for wire in aws.call("dynamodb", "Scan", {"TableName": table})["Items"]:
            item = decode_item(wire)
            key = {owner: item[owner], "entry": item["entry"]}
            kind = item["entry"].split("#")[0]
            whose = item[owner].split(":")[0] if kind == "B" else item.get("reward_id")
            state = item.get("status"), item.get("kind"), item.get("state"), item.get("settlement_id")
            found[kind, whose, *state] = table, key, item
    return list(found.values())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_left_out_or_altered_unseen(make_table: Callable[[str], str]):
    town = Town(make_table)
    town.fund(1_000_000)
    town.put()
    town.sponsored("tea", "coupon", stock=20, cancellable=True)
    town.sponsored("trees", "donation", stock=1_000, price_points=7)
    town.sponsored("ride", "service", partner_id=PARTNER, partner_item="ride", stock=50)
    town.sponsored("idle", "coupon", stock=10)  # nobody bought it
    me, quiet = town.member(_2026_10=40, _2026_11=5_000), town.member(_2026_11=777)
    town.run("2026-11-20")
    town.redeem(me, quantity=2)
    tea = town.redeem(me, "tea", 5)
    town.redeem(me, "trees", 10)
    _, issued, refused = (town.redeem(me, "ride", pieces) for pieces in (1, 2, 3))
    town.answer(issued, "issued")
    town.answer(refused, "refused")
    used, lapsed, given, *_ = town.coupons(tea)
    town.use(used)
    town.let_expire(lapsed)
    town.hand_on(given, quiet)
    town.settle("S1")
    town.use(town.coupons(tea)[-1])
    town.redeem(me, "trees", 4)
    town.cancel(town.redeem(me, "tea"))
    assert town.report()["reconciles"]
    unseen = []
    for table, key, item in everything(town):
        kind = key["entry"].split("#")[0]
        if kind in NEVER_READ:
            continue
        town.dynamodb.delete_all(table, [key])
        if town.report()["reconciles"] is not False:
            unseen.append((kind, key, "deleted"))
        own = {*key, *NOT_JUDGED.get(kind, ())}
        own |= {"merchant_id", "kind"} if "idle" in str(key) else set()
        own |= {"transfer_id", "cancelling"} if kind == "X" and "partner_id" in item else set()
        for name in item.keys() - own:
            for value in altered(item[name]):
                town.dynamodb.put_all(table, [item | {name: value}])
                if town.report()["reconciles"] is not False:
                    unseen.append((kind, key, f"{name}: {item[name]} -> {value}"))
        town.dynamodb.put_all(table, [item])
    assert not unseen, "\n".join(map(str, unseen))
    assert town.report()["reconciles"]


@pytest.mark.parametrize("seed", range(3))
def test_runs_that_are_cut_off_anywhere_end_as_one_that_was_not(make_table: Callable[[str], str], seed: int):
    """Every write of the run may be its last: whoever goes on ends the same lots, once, and gives the same pieces, once."""
    chance = random.Random(seed)
    town = Town(make_table)
    town.put(id="trees", kind="donation", price_points=7)
    members = [
        town.member(**{f"_{lot.replace('-', '_')}": chance.randint(1, 99) for lot in LOTS}) for _ in range(5)
    ]
    for who in members[:3]:
        usecases.choose(who, P, DONATE, "trees", points=town.points, rewards=town.rewards, now=NOW)
    before = {who: town.lots(who) for who in members}
    transact, update = town.dynamodb.transact, town.dynamodb.update

    class Died(Exception):
        pass

    def deadly(work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            first = chance.random()
            if first < 0.1:
                raise Died
            answer = work(*arguments, **named)
            if first > 0.9:
                raise Died
            return answer

        return call

    for day in ("2026-11-28", "2026-11-29", "2026-12-01"):
        town.dynamodb.transact, town.dynamodb.update = deadly(transact), deadly(update)  # type: ignore[method-assign]
        for _ in range(200):
            try:
                town.run(day)
            except Died:
                continue
            break
        else:
            pytest.fail("it never came through")
    town.dynamodb.transact, town.dynamodb.update = transact, update  # type: ignore[method-assign]
    for who in members:
        ending = before[who]["2026-11"] // 7 * 7 if who in members[:3] else 0
        given = town.statement(who, "donation")
        assert sum(-leg.amount for each in given for leg in each.legs if leg.amount < 0) == ending
        ended = {each.legs[0].lot: each.legs[1].amount for each in town.statement(who, "expire")}
        expected = {lot: before[who][lot] for lot in ("2026-09", "2026-10", "2026-11")}
        expected["2026-11"] -= ending
        assert ended == {lot: amount for lot, amount in expected.items() if amount}
        assert town.lots(who) == {lot: before[who][lot] for lot in ("2026-12", "2028-05")}
    assert town.report()["reconciles"]
    reopened = [town.points.close_job(day) for day in ("2026-11-28", "2026-11-29", "2026-12-01")]
    assert sum(each["expired_points"] for each in reopened) == sum(
        amount
        for who in members
        for each in town.statement(who, "expire")
        for amount in [each.legs[1].amount]
    )
