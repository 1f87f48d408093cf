"""Every operation that reads a state and then moves it: a twin of the request (the same key) that runs as a whole between any two
of its calls to the database changes nothing but who did it, and both get the first answer. Somebody else's request in the same
place leaves one winner, and the other is told why."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from puhui.activities import verification
from puhui.activities.claims import collecting
from puhui.activities.reviews import usecases as reviews
from puhui.activities.reviews.model import Reviewer, Vote
from puhui.activities.tables import Activities, Tables
from puhui.kernel import ids
from puhui.kernel.errors import DomainError
from puhui.ledger.api import Ledger
from puhui.members.model import Member
from puhui.members.repository import Members
from puhui.merchants.repositories import Merchants
from puhui.methodologies.repository import Methodologies
from puhui.partners.repository import Partners
from puhui.programmes.repository import Programmes
from puhui.rewards.catalogue import reports
from puhui.rewards.redemptions import delivering
from puhui.settlement.budgets import usecases as budgets
from puhui.settlement.disputes import usecases as disputes
from puhui.settlement.disputes.model import ProposedAdjustment, Resolution
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from puhui.wechat.api import Verdicts
from tests.contracts.activities.conftest import Acts
from tests.contracts.activities.conftest import Shelf as Pictures
from tests.contracts.merchants.conftest import ANNA, BORA, CHEN, Town
from tests.contracts.methodologies.conftest import COLLEAGUE, OTHER_PROVINCE, PROVINCE, Office
from tests.contracts.partners.conftest import Registry
from tests.contracts.programmes import test_filing as filing
from tests.contracts.rewards.conftest import NOW, Shop
from tests.contracts.settlement.world import World, context

CALLS_MAX = 40
Ask = Callable[[str, str], Any]  # (who, key): the answer; a DomainError where it is refused


@dataclass
class Line:
    """The way to the database, with a twin that comes in before one of the calls."""

    calls: int = 0
    comes_at: int = 0
    twin: Callable[[], None] | None = None

    def __call__(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        if self.twin and self.calls == self.comes_at:
            twin, self.twin = self.twin, None
            twin()
        return aws.call(service, operation, request)


@dataclass
class Bench:
    """Tables, and everything that works with them over one line."""

    make_table: Callable[[str], str]
    line: Line = field(default_factory=Line)
    tables: dict[str, str] = field(default_factory=dict)

    def table(self, context: str) -> str:
        if context not in self.tables:
            self.tables[context] = self.make_table(context)
        return self.tables[context]

    def shop(self) -> Shop:
        shop = Shop(self.make_table("rewards"), self.make_table("ledger"), self.table("merchants"))
        shop.rewards, shop.ledger = shop.connect(DynamoDB(self.line))
        shop.merchants.dynamodb = DynamoDB(self.line)
        return shop

    def world(self) -> World:
        world = World({name: self.make_table(name) for name in ("settlement", "rewards", "ledger")})
        world.repositories, world.rewards, world.ledger = world.connect(DynamoDB(self.line))
        world.two_shops()
        return world

    def town(self) -> Town:
        dynamodb, sealer = DynamoDB(self.line), Sealer(b"k" * 32, b"p" * 32)
        members = Members(dynamodb, self.make_table("members"), sealer)
        for member_id in (ANNA, BORA, CHEN):
            session = Session(dynamodb)
            openid = sealer.seal(member_id, member_id, "openid")
            members.add(session, Member(member_id, "name", ("member",), NOW, sealed_openid=openid), member_id)
            session.commit()
        merchants = Merchants(dynamodb, self.make_table("merchants"), sealer)
        return Town(merchants, members, Verdicts(dynamodb, self.table("wechat")))

    def office(self) -> Office:
        return Office(Methodologies(DynamoDB(self.line), self.make_table("methodologies")))

    def registry(self) -> Registry:
        registry = Registry(
            Partners(DynamoDB(self.line), self.make_table("partners"), Sealer(bytes(32), b"p"))
        )
        registry.put()
        return registry

    def acts(self) -> Acts:
        dynamodb = DynamoDB(self.line)
        tables = Tables(
            Activities(dynamodb, self.table("activities")), Ledger(dynamodb, self.table("ledger"))
        )
        return Acts(tables, Pictures(), ids.new_id(NOW), "ant-forest")


@dataclass(frozen=True)
class Operation:
    """``begin`` makes the state that it starts from. ``rivals``: two who may ask for it, and what who comes second is told;
    without them only the one may."""

    name: str
    begin: Callable[[Bench], Ask]
    rivals: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()


# Rewards


def _cancelling(reward: Callable[[Shop], str], **more: Any) -> Callable[[Bench], Ask]:
    def begin(bench: Bench) -> Ask:
        shop = bench.shop()
        me = shop.member(1_000)
        made = shop.redeem(me, 2, reward_id=reward(shop), delivery=b"sealed", **more)
        return lambda _who, _key: shop.cancel(me, made.id)

    return begin


def _tea(shop: Shop, **more: Any) -> str:
    return shop.put_coupon(shop.open_store(), cancellable=True, **more).id


def _cup(shop: Shop, **more: Any) -> str:
    return shop.put(id="cup", price_points=100, per_member_limit=2, **more).id


def _redeeming(bench: Bench) -> Ask:
    shop = bench.shop()
    _cup(shop)
    me = shop.member(200)
    return lambda _who, key: shop.redeem(me, 2, key, reward_id="cup")


def _dispatching(bench: Bench) -> Ask:
    shop = bench.shop()
    _cup(shop, delivery="address")
    made = shop.redeem(shop.member(500), reward_id="cup", delivery=b"sealed")
    return lambda who, _key: delivering.dispatch("cup", made.id, who, rewards=shop.rewards, now=NOW)


def _receiving(bench: Bench) -> Ask:
    shop = bench.shop()
    _cup(shop, delivery="address")
    made = shop.redeem(shop.member(500), reward_id="cup", delivery=b"sealed")
    delivering.dispatch("cup", made.id, "SF1", rewards=shop.rewards, now=NOW)
    return lambda _who, _key: delivering.confirm(made.member_id, made.id, rewards=shop.rewards, now=NOW)


def _publishing(bench: Bench) -> Ask:
    shop = bench.shop()
    shop.fund(10_000)
    store = shop.open_store()
    shop.propose(store, sponsor={"budget_id": "green", "fen": 30})
    return lambda who, _key: shop.publish(by=who, version=1)


def _closing(bench: Bench) -> Ask:
    shop = bench.shop()
    shop.fund(100_000)
    shop.put_coupon(shop.open_store(), shards=3, stock=9, sponsor={"budget_id": "green", "fen": 30})
    return lambda _who, _key: shop.close()


def _proposing(bench: Bench) -> Ask:
    shop = bench.shop()
    store = shop.open_store()
    return lambda _who, key: shop.propose(store, key=key, body="tea")


def _reporting(bench: Bench) -> Ask:
    shop = bench.shop()
    shop.put(id="trees", kind="donation")
    text = {"text": {"zh-CN": "树", "en": "trees"}}
    return lambda who, key: reports.report_project(
        "trees", who, text, key=key, body_hash="b", rewards=shop.rewards, now=NOW
    )


def _verifying(bench: Bench) -> Ask:
    shop = bench.shop()
    store = shop.open_store()
    shop.put_coupon(store, kind="service")
    [coupon] = shop.buy(shop.member(500))
    tills = {"first": store.clerk, "second": store.colleague}
    return lambda who, key: shop.verify(tills[who], coupon.code, key=key)


def _handing_on(bench: Bench) -> Ask:
    shop = bench.shop()
    store = shop.open_store("guangdong-tanpuhui")
    shop.put_coupon(store, programme_id="guangdong-tanpuhui")
    me, friend = shop.member(500, "guangdong-tanpuhui"), shop.member()
    [coupon] = shop.buy(me)
    _let_hand_on(shop, me, coupon.id)
    return lambda _who, key: shop.hand_on(coupon, friend, key)


def _let_hand_on(shop: Shop, me: str, coupon_id: str) -> None:
    key = shop.rewards.coupons.coupon_key(me, coupon_id)
    shop.rewards.dynamodb.update(*key, "SET transferable = :y", {":y": True})


# Settlement


def _funding(decide: str) -> Callable[[Bench], Ask]:
    def begin(bench: Bench) -> Ask:
        world = bench.world()
        made = budgets.propose_funding(
            "bank-1", "fund", 5, "wire", context("proposer"), repositories=world.repositories
        )
        if decide == "approve":
            return lambda who, _key: world.approve_funding("bank-1", made.id, who)
        return lambda who, _key: budgets.reject("bank-1", made.id, who, repositories=world.repositories)

    return begin


def _proposing_funding(bench: Bench) -> Ask:
    world = bench.world()
    return lambda who, key: budgets.propose_funding(
        "bank-1", "fund", 5, "wire", context(who, key), repositories=world.repositories
    )


def _opening(bench: Bench) -> Ask:
    world = bench.world()
    return lambda who, key: world.open(key, who=who)


def _approving(bench: Bench) -> Ask:
    world = bench.world()
    done = world.settled()
    world.approve(done, "somebody")
    return lambda who, key: world.approve(done, who, key)


def _paying(bench: Bench) -> Ask:
    world = bench.world()
    done = world.approved_and_posted(world.settled())
    return lambda _who, key: world.pay(done, "shop-a", 900, key)


def _disputing(bench: Bench) -> Ask:
    world = bench.world()
    done = world.settled()
    return lambda who, key: disputes.open_dispute(
        done.id, "shop-a", "why", 1_000, context(who, key), repositories=world.repositories
    )


def _resolving(decision: str, *wanted: ProposedAdjustment) -> Callable[[Bench], Ask]:
    def begin(bench: Bench) -> Ask:
        world = bench.world()
        done = world.settled()
        opened = disputes.open_dispute(
            done.id, "shop-a", "why", 1_000, context("owner"), repositories=world.repositories
        )
        return lambda who, key: disputes.resolve(
            done.id,
            opened.id,
            Resolution(decision, wanted, "seen"),
            context(who, key),
            repositories=world.repositories,
            staff=world.alliance,
        )

    return begin


# Merchants, partners


def _deciding(what: str, *before: tuple[str, str], **more: Any) -> Callable[[Bench], Ask]:
    def begin(bench: Bench) -> Ask:
        town = bench.town()
        merchant_id = town.apply()
        for each, who in before:
            town.decide(merchant_id, each, who, reason="COMPLAINTS")
        people = {"first": BORA, "second": CHEN}
        return lambda who, key: town.decide(
            merchant_id, what, people[who], key=key, reason="COMPLAINTS", **more
        )

    return begin


def _applying(bench: Bench) -> Ask:
    town = bench.town()
    body = town.body([town.document()])
    return lambda _who, key: town.apply(ANNA, body, key)


def _joining(bench: Bench) -> Ask:
    town = bench.town()
    code = town.invite(town.certified())
    return lambda _who, _key: town.join(CHEN, code)


def _secret(bench: Bench) -> Ask:
    registry = bench.registry()
    return lambda who, key: registry.add_secret(key, by=who)


# Methodologies, programmes, acts


def _method(step: str) -> Callable[[Bench], Ask]:
    def begin(bench: Bench) -> Ask:
        office = bench.office()
        if step == "file":
            return lambda _who, key: office.file(key=key)
        office.file()
        if step == "review":
            read = office.draft()["hash"]
            return lambda _who, key: office.review(by=COLLEAGUE, read=read, key=key)
        office.review()
        people, read = {"first": PROVINCE, "second": OTHER_PROVINCE}, office.draft()["hash"]
        if step == "publish":
            return lambda who, key: office.publish(people[who], read=read, key=key)
        office.publish()
        return lambda who, _key: office.withdraw(people[who])

    return begin


def _programme(step: str) -> Callable[[Bench], Ask]:
    def begin(bench: Bench) -> Ask:
        table = Programmes(DynamoDB(bench.line), bench.make_table("programmes"))
        if step == "file":
            return lambda _who, _key: filing.file(table)
        filed = filing.file(table)
        return lambda who, _key: filing.start(table, filed, by=who)

    return begin


def _collecting(bench: Bench) -> Ask:
    acts = bench.acts()
    made = acts.record("cycling", quantity={"distance_m": 2_000})
    ripe = NOW + timedelta(days=1)
    return lambda _who, _key: collecting.collect(acts.member_id, made.id, tables=acts.tables, now=ripe)


def _reviewing(bench: Bench) -> Ask:
    acts = bench.acts()
    acts.programme_id = "carbon-88"
    made = acts.record("subway_trip", quantity={"trips": 1}, evidence=(acts.photo(b"\xff\xd8\xff"),))
    activities = acts.tables.activities
    review_id = verification.request_review(
        acts.member_id, made.id, 60, ["CONTENT_REVIEW"], "token", 3600, activities=activities, now=NOW
    ).id
    return lambda who, _key: reviews.decide_review(
        review_id, Reviewer(who), Vote(who, "approve", at=NOW), reviews=activities.reviews
    )


TWO = ("first", "second")
OPERATIONS = [
    Operation("redeem", _redeeming, ("me", "me"), frozenset({"REWARD_LIMIT_REACHED", "NOT_ENOUGH_POINTS"})),
    Operation("cancel coupons", _cancelling(_tea), ("me", "me")),
    Operation("cancel a good", _cancelling(lambda shop: _cup(shop, cancellable=True)), ("me", "me")),
    Operation(
        "cancel what is to be sent", _cancelling(lambda shop: _cup(shop, delivery="address")), ("me", "me")
    ),
    Operation("cancel a ticket", _cancelling(lambda shop: _cup(shop, queue_lanes=1)), ("me", "me")),
    Operation("dispatch", _dispatching, TWO, frozenset({"ALREADY_SENT"})),
    Operation("receive", _receiving, ("me", "me")),
    Operation("publish a reward", _publishing, TWO, frozenset({"REWARD_NOT_PROPOSED"})),
    Operation("close a reward", _closing, TWO),
    Operation("propose a reward", _proposing, ("me", "me")),
    Operation("report of a project", _reporting),
    Operation("verify a coupon", _verifying, TWO, frozenset({"COUPON_USED"})),
    Operation("hand on a coupon", _handing_on, ("me", "me"), frozenset({"COUPON_NOT_FOUND"})),
    Operation("approve a funding", _funding("approve"), TWO, frozenset({"FUNDING_CLOSED"})),
    Operation("reject a funding", _funding("reject"), TWO, frozenset({"FUNDING_CLOSED"})),
    Operation("propose a funding", _proposing_funding),
    Operation("open a settlement", _opening),
    Operation("approve a settlement", _approving, TWO, frozenset({"SETTLEMENT_APPROVED"})),
    Operation("record a payment", _paying, ("me", "me"), frozenset({"STATEMENT_PAID"})),
    Operation("open a dispute", _disputing, TWO, frozenset({"STATEMENT_DISPUTED"})),
    Operation("reject a dispute", _resolving("reject"), TWO, frozenset({"DISPUTE_RESOLVED"})),
    Operation(
        "uphold a dispute",
        _resolving("uphold", ProposedAdjustment(250, "more", reward_id="tea")),
        TWO,
        frozenset({"DISPUTE_RESOLVED"}),
    ),
    Operation("apply as a merchant", _applying),
    Operation("certify", _deciding("certify", version=1), TWO, frozenset({"MERCHANT_DECIDED"})),
    Operation("refuse", _deciding("refuse", version=1), TWO, frozenset({"MERCHANT_DECIDED"})),
    Operation("suspend", _deciding("suspend", ("certify", BORA)), TWO, frozenset({"MERCHANT_DECIDED"})),
    Operation(
        "reinstate",
        _deciding("reinstate", ("certify", BORA), ("suspend", "D" * 26)),
        TWO,
        frozenset({"MERCHANT_DECIDED"}),
    ),
    Operation("join a staff", _joining, ("me", "me")),
    Operation("new secret of a partner", _secret),
    Operation("file a methodology", _method("file"), ("me", "me")),
    Operation("review a methodology", _method("review"), ("me", "me")),
    Operation("publish a methodology", _method("publish"), TWO, frozenset({"STEP_OUT_OF_TURN"})),
    Operation("withdraw a methodology", _method("withdraw"), TWO, frozenset({"STEP_OUT_OF_TURN"})),
    Operation("file a programme", _programme("file"), ("me", "me")),
    Operation("start a programme", _programme("start"), TWO, frozenset({"VERSION_STARTED"})),
    Operation("collect an act", _collecting, ("me", "me")),
    Operation("decide a review", _reviewing, TWO, frozenset({"REVIEW_DECIDED"})),
]


def _met(
    operation: Operation, bench: Bench, first: tuple[str, str], second: tuple[str, str]
) -> Iterator[tuple[Any, Any]]:
    """What both are answered, the second one coming in before each call of the first."""
    for place in range(1, CALLS_MAX):
        ask = operation.begin(bench)
        answers: list[Any] = []
        bench.line.calls, bench.line.comes_at = 0, place
        bench.line.twin = lambda ask=ask, answers=answers: answers.append(_answer(ask, second))
        mine = _answer(ask, first)
        bench.line.twin = None
        if not answers:
            assert place > 1, "it asks the database for nothing"
            return
        yield mine, answers[0]
    raise AssertionError(f"{operation.name} makes more than {CALLS_MAX} calls")


def _answer(ask: Ask, asked: tuple[str, str]) -> Any:
    try:
        return ask(*asked)
    except DomainError as refused:
        return refused


@pytest.fixture
def bench(make_table: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("STAGE", "test")
    return Bench(make_table)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_twins_of_one_request_get_the_same_answer(bench: Bench, operation: Operation):
    me = (operation.rivals or ("first",))[0], "key"
    for mine, twins in _met(operation, bench, me, me):
        assert not isinstance(twins, DomainError), twins
        assert mine == twins, getattr(mine, "code", mine)


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.rivals], ids=lambda each: each.name
)
def test_of_two_requests_at_once_one_wins_and_the_other_is_told_why(bench: Bench, operation: Operation):
    first, second = operation.rivals
    for mine, theirs in _met(operation, bench, (first, "key"), (second, "another")):
        lost = [each.code for each in (mine, theirs) if isinstance(each, DomainError)]
        assert len(lost) < 2
        assert set(lost) <= operation.codes
