"""A world of redemptions: tables, a partner, Step Functions, a stream and a clock, all in this process.

``World`` stands still until it is told what happens next (tests/properties). ``Turns`` lets members, executions, the stream's
consumers, the partner and the clock take turns at every I/O and die at any of them, as a seed decides.

The tables are those of ministack, which the tests of contracts reach over HTTP, called directly: the adapters are the real ones.
"""

import json
import random
import sys
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.services import dynamodb as engine

from puhui.kernel import clock, ids
from puhui.kernel.errors import Conflict, Unavailable
from puhui.ledger.api import Ledger, Leg, Transfer, is_spendable, member, points
from puhui.ledger.audit import audit
from puhui.merchants.api import merchant_key
from puhui.partners import signing
from puhui.partners import usecases as partners_usecases
from puhui.partners.api import Partners, PartnerUnavailable
from puhui.partners.model import Message, Reply
from puhui.rewards import reconciling
from puhui.rewards.catalogue import offers
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.errors import OrderVoid, PayableClaimed
from puhui.rewards.redemptions import outbox, saga
from puhui.rewards.redemptions.cancelling import cancel
from puhui.rewards.redemptions.decision import Redeem
from puhui.rewards.redemptions.model import CANCELLED, FULFILLED, PROCESSING, QUEUED, REFUNDED, Redemption
from puhui.rewards.redemptions.usecases import redeem
from puhui.rewards.repositories import Rewards
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from puhui.store.session import Session, attempt
from puhui.store.values import decode_item, encode_item
from tests.support.ledger import post_transfer
from tests.support.tables import table_definition

START = datetime(2026, 11, 30, 14, 30, tzinfo=UTC)  # an hour and a half before the month ends in China
PROGRAMME, REWARD, PARTNER, MERCHANT = "carbon-88", "ticket", "cinema", "M" * 26
PRICE, OFFERED, LIMIT = 100, 7, 4
LATER_ANSWER_SECONDS = 3600
TABLES = ("rewards", "ledger", "partners", "merchants")
SECRET = signing.secret_text(b"partner!" * 4)
SEALER = Sealer(bytes(range(32)), b"pepper")
STEPS_MAX = 100_000
REST_ROUNDS_MAX = 60
FORWARD = {
    None: {QUEUED, PROCESSING},
    QUEUED: {PROCESSING, CANCELLED},
    PROCESSING: {FULFILLED, REFUNDED, CANCELLED},
    FULFILLED: {CANCELLED},
}


class Killed(BaseException):
    """The process dies here."""


def call_engine(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """One call to the tables. Raises AwsError."""
    target = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    asking = engine.handle_request("POST", "/", target, json.dumps(request).encode(), {})
    try:
        asking.send(None)
    except StopIteration as done:
        status, _, body = done.value
        return aws._read(status, body, "")
    raise AssertionError("the engine answers at once")


# The partner


@dataclass
class Order:
    """``final``: it was issued and can no longer be cancelled."""

    status: str
    reference: str = ""
    voucher: str = ""
    final: bool = False


@dataclass
class Partner:
    """Keeps the protocol: one id is one order, what was called off is not issued any more, what is final stays.

    ``fate`` and ``lost`` decide what becomes of a new order and whether a request or its answer gets lost ("", "before",
    "after"); ``cancellable``: whether what was issued can be cancelled at first.
    """

    gate: Callable[[], None]
    effect_done: Callable[[], None]
    fate: Callable[[], str] = lambda: "issued"
    lost: Callable[[], str] = lambda: ""
    cancellable: Callable[[], bool] = lambda: True
    hurries: Callable[[], bool] = lambda: False  # whether it decides just before it is asked to cancel
    orders: dict[str, Order] = field(default_factory=dict)
    said_to: threading.local = field(
        default_factory=threading.local
    )  # whom it told that an order stays: ``order_id``
    letters: list[tuple[str, bytes]] = field(default_factory=list)  # later answers that were not taken yet

    def send(self, message: Message, headers: dict[str, str]) -> Reply:
        """What the backend's client does."""
        assert headers["webhook-id"] == message.id
        self.gate()
        lost = self.lost()
        if lost == "before":
            raise PartnerUnavailable(reason="before")
        status, told = self.take(json.loads(message.body))
        self.effect_done()
        if lost == "after":
            raise PartnerUnavailable(reason="after")
        if told == {"status": "issued"}:
            self.said_to.order_id = json.loads(message.body)["order_id"]
        return Reply(status, json.dumps(told).encode())

    def take(self, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """An order or its cancellation: HTTP status and body."""
        order_id = said["order_id"]
        order = self.orders.get(order_id)
        if said["type"] == "order.placed":
            if order is None:
                order = self.orders[order_id] = Order("accepted", f"R-{order_id[-6:]}")
                if (fate := self.fate()) != "accepted":
                    self._decide(order, order_id, fate)
            if order.status == "issued":
                return 201, {"status": "issued", "reference": order.reference, "voucher": order.voucher}
            if order.status == "accepted":
                return 202, {"status": "accepted", "reference": order.reference}
            return 409, {"status": "refused", "reason": order.status}
        if order is None:
            self.orders[order_id] = Order("cancelled")
            return 404, {"status": "unknown"}
        if order.status == "accepted" and self.hurries():
            self.decide(order_id, "issued")
        if order.final:
            return 409, {"status": "issued"}
        order.status = "cancelled"
        return 200, {"status": "cancelled"}

    def _decide(self, order: Order, order_id: str, status: str) -> None:
        order.status = status
        if status == "issued":
            order.voucher, order.final = f"V-{order_id}", not self.cancellable()

    def decide(self, order_id: str, status: str, letters: int = 1) -> None:
        """Decide an order that was accepted, and send so many later answers."""
        order = self.orders[order_id]
        if order.status == "accepted":
            self._decide(order, order_id, status)
            told = {"type": "order.answered", "order_id": order_id, "status": status}
            told |= {"reference": order.reference, "voucher": order.voucher}
            self.letters += [(order_id, json.dumps(told).encode())] * letters

    def harden(self, order_id: str) -> None:
        """The good is on its way: no cancellation from now on."""
        if self.orders[order_id].status == "issued":
            self.orders[order_id].final = True

    def void(self, order_id: str) -> None:
        """We said that it is void: it is not delivered, unless it was already."""
        if not self.orders[order_id].final:
            self.orders[order_id].status = "cancelled"


class World:
    """Tables, a reward with a partner, members with points, and what runs around them."""

    def __init__(self, *, members: int = 2, lanes: int = 0, merchant: bool = True, cancellable: bool = True):
        self.now = START
        self.partner = Partner(self.gate, self.effect_done)
        self.tables = {name: f"{name}-{uuid.uuid4().hex[:12]}" for name in TABLES}
        for name, table in self.tables.items():
            call_engine("CreateTable", {"TableName": table, **DEFINITIONS[name]})
        dynamodb = DynamoDB(self.call, sleep=lambda _: None)
        self.rewards = Rewards(dynamodb, self.tables["rewards"], self.tables["merchants"])
        self.ledger = Ledger(dynamodb, self.tables["ledger"])
        registry = Partners(dynamodb, self.tables["partners"], SEALER)
        self.desk = saga.Dependencies(
            self.rewards,
            self.ledger,
            registry,
            lambda: self.partner.send,
            lambda: SEALER,
            "https://puhui.test",
        )
        self.messages: dict[str, int] = defaultdict(int)
        self.post = outbox.Dependencies(self.rewards, None, lambda: self, "machine", "notice")  # type: ignore[arg-type]
        self.started: dict[str, dict[str, Any]] = {}  # executions, by name
        self.waiting: list[dict[str, Any]] = []  # those that have not begun
        self.tokens: dict[str, str] = {}  # "" while a task waits, what it was told, or "timed out"
        self.read = {"serve": 0, "follow": 0}  # how far the stream was read
        self.heard_issued: set[str] = set()  # orders of which somebody heard in time that they stay issued
        self._set_up(members, lanes, merchant, cancellable)

    def _set_up(self, members: int, lanes: int, merchant: bool, cancellable: bool) -> None:
        body = {
            "programme_id": PROGRAMME,
            "name": {"zh-CN": "影院", "en": "Cinema"},
            "url": "https://cinema.example",
            "answer_within_seconds": LATER_ANSWER_SECONDS,
        }
        registry = self.desk.registry
        partners_usecases.put_partner(partners_usecases.wanted_from(PARTNER, body), partners=registry)
        partners_usecases.add_secret(
            PARTNER, by="operator", key=None, partners=registry, now=START, given=SECRET
        )
        standing = {
            "id": MERCHANT,
            "programme_id": PROGRAMME,
            "name": {},
            "kind": "business",
            "status": "certified",
            "regions": [],
        }
        item = encode_item({**merchant_key(MERCHANT, "").key, "standing": standing})
        call_engine("PutItem", {"TableName": self.tables["merchants"], "Item": item})
        document = {
            "id": REWARD,
            "programme_id": PROGRAMME,
            "kind": "service",
            "title": {"zh-CN": "电影票", "en": "Ticket"},
            "price_points": PRICE,
            "stock": OFFERED,
            "shards": 2,
            "per_member_limit": LIMIT,
            "per_day_limit": LIMIT,
            "partner_id": PARTNER,
            "partner_item": "T-1",
            "cancellable": cancellable,
        }
        more = {"merchant_id": MERCHANT} if merchant else {}
        more |= {"queue_lanes": lanes} if lanes else {}
        terms = terms_from(document | more)
        offers.put_reward(terms, rewards=self.rewards, ledger=self.ledger, now=START)
        self.given = {ids.key_id("member", str(number)): 250 + 200 * number for number in range(members)}
        for member_id, amount in self.given.items():
            asset = points(PROGRAMME)
            legs = (
                Leg(f"issuance:{PROGRAMME}", asset, -amount),
                Leg(member(member_id), asset, 150, "2026-11"),
                Leg(member(member_id), asset, amount - 150, "2028-11"),
            )
            post_transfer(Transfer(ids.new_id(START), "credit", START, legs), ledger=self.ledger, now=START)

    def close(self) -> None:
        """Forget the tables."""
        for table in self.tables.values():
            call_engine("DeleteTable", {"TableName": table})

    # I/O

    def gate(self) -> None:
        """Every I/O passes here before its effect."""

    def effect_done(self) -> None:
        """And here after it."""

    def loses(self) -> bool:
        """Whether the answer of this write gets lost."""
        return False

    def call(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """AWS: the tables, and Step Functions."""
        self.gate()
        if service == "states":
            answer = self._states(operation, request)
        elif operation == "BatchGetItem":
            answer = self._read_one_by_one(request)
        else:
            answer = call_engine(operation, request)
        if operation == "TransactWriteItems":
            self._none_below_zero()
            if self.loses():
                self.gate()
                raise aws.NoAnswer(operation)
        self.effect_done()
        return answer

    def _read_one_by_one(self, request: dict[str, Any]) -> dict[str, Any]:
        """Items that are read at once are not of one moment."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for table, wanted in request["RequestItems"].items():
            for key in wanted["Keys"]:
                self.gate()
                got = call_engine("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
                found[table] += [got["Item"]] if "Item" in got else []
        return {"Responses": dict(found)}

    def _states(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation == "StartExecution":
            if request["name"] in self.started:
                raise aws.AwsError("ExecutionAlreadyExists", 400, {})
            self.started[request["name"]] = given = json.loads(request["input"])
            self.begin(given)
            return {}
        assert operation == "SendTaskSuccess"
        if self.tokens.get(request["taskToken"]) != "":
            raise aws.AwsError("TaskTimedOut", 400, {})
        self.tokens[request["taskToken"]] = json.loads(request["output"])["answer"]
        return {}

    def begin(self, given: dict[str, Any]) -> None:
        """An execution was started."""
        self.waiting.append(given)

    def send_subscribe_message(self, openid: str, template_id: str, _fields: dict[str, str]) -> None:
        """WeChat's part of the post."""
        assert template_id == "notice"
        self.messages[openid] += 1

    # What happens

    def redeem(self, member_id: str, quantity: int, key: str) -> Redemption | None:
        command = Redeem(member_id, REWARD, quantity, key, str(quantity))
        try:
            return redeem(command, rewards=self.rewards, ledger=self.ledger, now=self.now)
        except Conflict:
            return None

    def cancel(self, of: Redemption) -> None:
        with suppress(Conflict):
            cancel(of.member_id, of.id, rewards=self.rewards, ledger=self.ledger, now=self.now)

    def issue(self, given: dict[str, Any]) -> str:
        asked = saga.issue(given["member_id"], given["redemption_id"], deps=self.desk, now=self.now)
        assert asked["answer"] in ("issued", "refused", "cancelled", "accepted", "cancelling", "over")
        return str(asked["answer"])

    def wait(self, given: dict[str, Any], token: str) -> str:
        self.tokens.setdefault(token, "")
        known = saga.wait(given["member_id"], given["redemption_id"], token, deps=self.desk)
        if known is not None:
            outbox.answer_task(token, known)
        return "waits"

    def cancel_order(self, given: dict[str, Any]) -> str:
        self.partner.said_to.order_id = ""
        try:
            return saga.cancel_order(given["member_id"], given["redemption_id"], deps=self.desk, now=self.now)
        finally:
            if not isinstance(sys.exception(), Killed) and self.partner.said_to.order_id:
                self._note_issued(given)

    def _note_issued(self, given: dict[str, Any]) -> None:
        """Whoever heard it and lived on in time: from now on the points do not go back."""
        key = self.rewards.redemptions.redemption_key(given["member_id"], given["redemption_id"])
        got = call_engine("GetItem", {"TableName": key.table, "Key": encode_item(key.key)})
        if decode_item(got["Item"])["status"] == PROCESSING:
            self.heard_issued.add(given["redemption_id"])

    def end(self, given: dict[str, Any]) -> str:
        return saga.end(given["member_id"], given["redemption_id"], deps=self.desk, now=self.now).status

    def reconcile(self) -> None:
        reconciling.reconcile(deps=self.desk, now=self.now)

    def deliver(self, number: int, *, keep: bool = False) -> None:
        """One of the partner's later answers arrives; it is sent until it is taken."""
        order_id, body = letter = self.partner.letters[number]
        key = signing.key_of(SECRET)
        headers = signing.headers(f"{order_id}-answer", body, [key], self.now)
        try:
            saga.answer_order(order_id, headers, body, deps=self.desk, now=self.now)
        except OrderVoid:
            if b'"issued"' in body:
                self.partner.void(order_id)
        except Unavailable:
            return
        if not keep and letter in self.partner.letters:
            self.partner.letters.remove(letter)

    def settle(self) -> None:
        """A settlement claims what is due."""
        for shard in range(8):
            found, _ = self.rewards.payables.unsettled(
                MERCHANT, shard, self.now + timedelta(days=99), 10, None
            )
            for due in found:
                session = Session(self.rewards.dynamodb)
                self.rewards.payables.add_claim(session, due, "S" * 26)
                with suppress(PayableClaimed):
                    session.commit()

    def records(self) -> list[dict[str, Any]]:
        """The stream, from its beginning."""
        found: list[dict[str, Any]] = engine.stream_live_records(self.tables["rewards"])
        return found

    def consume(self, consumer: str) -> bool:
        """The next record goes to one of the stream's consumers; one that fails comes again."""
        records = self.records()
        if self.read[consumer] >= len(records):
            return False
        images = records[self.read[consumer]]["dynamodb"]
        old, new = (
            decode_item(images[name]) if name in images else None for name in ("OldImage", "NewImage")
        )
        if consumer == "serve":
            outbox.serve(old, new, rewards=self.rewards, ledger=self.ledger, now=self.now)
        else:
            outbox.follow(old, new, deps=self.post, now=self.now)
        self.read[consumer] += 1
        return True

    def redemptions(self) -> list[Redemption]:
        """All of them."""
        return [each for who in self.given for each in self.rewards.member_items(who)[0]]

    # The end

    def come_to_rest(self) -> None:
        """Without faults from now on, the partner reachable: until nobody has anything to do."""
        self.partner.lost = lambda: ""
        for _ in range(REST_ROUNDS_MAX):
            self._drain()
            if not any(each.next_check_at or each.status == QUEUED for each in self.redemptions()):
                return
            self.now += timedelta(minutes=61)
            self.reconcile()
        stuck = [each for each in self.redemptions() if each.next_check_at]
        assert all(each.settlement_id for each in stuck), stuck

    def _drain(self) -> None:
        busy = True
        while busy:
            busy = self.consume("serve") | self.consume("follow")
            while self.partner.letters:
                before = len(self.partner.letters)
                self.deliver(0)
                if len(self.partner.letters) == before:  # it comes again, later
                    self.partner.letters.append(self.partner.letters.pop(0))
                    break
            while self.waiting:
                busy = True
                self._execute(self.waiting.pop(0))

    def _execute(self, given: dict[str, Any]) -> None:
        """An execution without faults, as redemption.asl.json has it; a later answer comes in time or never."""
        said = "cancelling" if given["mode"] == "return" else self.issue(given)
        if said == "accepted":
            token = f"{given['redemption_id']}-rest"
            self.wait(given, token)
            while self.consume("follow"):
                pass
            while self.partner.letters and not self.tokens[token]:
                self.deliver(0)
                while self.consume("follow"):
                    pass
            said = self.tokens[token] or "cancelling"
        if said == "cancelling":
            self.cancel_order(given)
        self.end(given)

    # What must hold

    def _none_below_zero(self) -> None:
        for shard in range(2):
            left = self._item("rewards", {"owner": f"stock:{REWARD}:{shard}", "entry": "stock"})
            assert left.get("stock_left", 0) >= 0
        for who in getattr(self, "given", ()):
            balance = self._item("ledger", {"account": member(who), "entry": f"B#{PROGRAMME}"})
            assert balance.get("points", 0) >= 0
            assert all(value >= 0 for name, value in balance.items() if name.startswith("lot_"))

    def _item(self, table: str, key: dict[str, str]) -> dict[str, Any]:
        got = call_engine(
            "GetItem", {"TableName": self.tables[table], "Key": encode_item(key), "ConsistentRead": True}
        )
        return decode_item(got["Item"]) if "Item" in got else {}

    def check(self) -> None:
        """Each redemption came to one of its two ends, once, and everything adds up."""
        made = self.redemptions()
        for each in made:
            self._check_end(each)
        assert set(self.partner.orders) <= {each.id for each in made}
        good = [each for each in made if each.status == FULFILLED]
        for who, amount in self.given.items():
            mine = [each for each in good if each.member_id == who]
            balance = self.ledger.balance(member(who), PROGRAMME).amounts.get("points", 0)
            assert balance == amount - sum(each.points for each in mine), "points are spent once, or back"
            returns = sum(
                "-return-" in name and given["member_id"] == who for name, given in self.started.items()
            )
            told = sum(each.member_id == who for each in made) + returns
            assert self.messages[who] <= told, "told once each"
            taken = self._item("rewards", {"owner": member(who), "entry": f"L#{REWARD}"}).get("taken", 0)
            assert taken == sum(each.quantity for each in mine), "limits count what was kept"
            for transfer in self.ledger.transfers(member(who), 100, None).items:
                for leg in transfer.legs:
                    returned = leg.account == member(who) and leg.amount > 0
                    assert not returned or is_spendable(leg.lot, clock.programme_day(transfer.at)), (
                        "what comes back can be spent"
                    )
        reward = self.rewards.catalogue.reward(REWARD)
        assert reward
        assert sum(self.rewards.stock.left(reward)) + sum(each.quantity for each in good) == OFFERED
        report = audit(self.ledger)
        assert report.sound, report.differences
        self._check_history()

    def _check_end(self, each: Redemption) -> None:
        order = self.partner.orders.get(each.id)
        promised = order is not None and order.status == "issued"
        assert each.status in (FULFILLED, REFUNDED, CANCELLED), each
        assert not each.task_token
        assert not each.unsure
        assert each.settlement_id or not each.cancelling, "the partner has said whether it takes it back"
        held = self.ledger.hold(member(each.member_id), each.id)
        if each.status == FULFILLED:
            gave_up = each.reason_code == "PARTNER_SILENT"
            assert promised or gave_up, f"the points are spent and nothing is promised: {each}"
            assert order
            assert SEALER.open(each.voucher, each.id, "voucher") == order.voucher
            assert bool(each.payable_id) == bool(each.merchant_id)
            assert held
            assert held.state == "posted"
            return
        told = each.late_answer == "issued" and each.id not in self.heard_issued
        assert not promised or told, f"both points and a good: {each}"
        assert not each.voucher
        assert not each.payable_id
        assert held is None or held.state in ("voided", "posted"), "posted: given back after the end"

    def _check_history(self) -> None:
        """No redemption goes back to a state that it has left, on from its end, or out of a settlement."""
        last: dict[str, str] = {}
        settled: set[str] = set()
        given_back: set[str] = set()
        for record in self.records():
            new = decode_item(record["dynamodb"]["NewImage"])
            entry, status = new["entry"], new.get("status", "")
            if new.get("cancelling"):
                given_back.add(entry[2:])
            if not entry.startswith("X#"):
                continue
            assert status == last.get(entry) or status in FORWARD[last.get(entry)], (last.get(entry), status)
            assert entry not in settled or "settlement_id" in new, "what a settlement has claimed stays"
            last[entry] = status
            settled |= {entry} if "settlement_id" in new else set()
        for each in self.redemptions():
            gave_up = each.reason_code == "PARTNER_SILENT"
            if each.id in given_back and each.status == FULFILLED and not each.settlement_id and not gave_up:
                assert self.partner.orders[each.id].final, (
                    "what was given back stays when the partner says so"
                )


DEFINITIONS = {name: table_definition(name) for name in TABLES}


@contextmanager
def replaced(place: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(place, name)
    setattr(place, name, value)
    try:
        yield
    finally:
        setattr(place, name, before)


@contextmanager
def surroundings(world: World) -> Iterator[None]:
    """Step Functions and WeChat are the world's, and nobody sleeps."""
    with (
        replaced(aws, "call", world.call),
        replaced(outbox.members, "openid_of", lambda member_id, **_: member_id),
        replaced(attempt, "__defaults__", (lambda _: None,)),
    ):
        yield


class Turns(World):
    """``kill_chance``: of dying at one I/O; ``lose_chance``: of losing a write's answer; ``gremlin``: somebody runs steps that
    it is not the time for."""

    def __init__(
        self,
        seed: int,
        *,
        kill_chance: float = 0.01,
        lose_chance: float = 0.02,
        gremlin: bool = False,
        **more: Any,
    ) -> None:
        self.chance = random.Random(seed)
        self.calm = True
        self._me = threading.local()  # the process's number: a thread's own would differ from run to run
        self._count = 0
        self._turn: dict[int, threading.Semaphore] = {}
        self._back = threading.Semaphore(0)
        self._alive: set[int] = set()
        self._services: set[int] = set()
        self._over = False
        self.errors: list[BaseException] = []
        super().__init__(**more)
        self.kill_chance, self.lose_chance, self.gremlin = kill_chance, lose_chance, gremlin
        away = self.chance.choice([0.05, 0.3, 0.6])
        firm = self.chance.choice([0.0, 0.5, 1.0])
        fates = self.chance.choice([("issued",), ("accepted",), ("issued", "accepted", "refused")])
        self.partner.fate = lambda: self.chance.choice(fates)
        self.partner.lost = lambda: (
            self.chance.choice(["before", "after"]) if self.chance.random() < away else ""
        )
        self.partner.cancellable = lambda: self.chance.random() >= firm
        self.partner.hurries = lambda: self.chance.random() < 0.4

    # Turns

    def gate(self) -> None:
        me = getattr(self._me, "number", 0)
        if self.calm or not me:
            return
        self._back.release()
        self._turn[me].acquire()
        self.effect_done()

    def effect_done(self) -> None:
        me = getattr(self._me, "number", 0)
        if not self.calm and me and me not in self._services and self.chance.random() < self.kill_chance:
            raise Killed

    def loses(self) -> bool:
        return not self.calm and self.chance.random() < self.lose_chance

    def spawn(self, work: Callable[[], Any], *, service: bool = False) -> int:
        """A process of its own. A service never dies and works as long as anybody else is there."""
        self._count += 1
        me = self._count
        self._turn[me] = threading.Semaphore(0)
        self._alive.add(me)
        if service:
            self._services.add(me)

        def run() -> None:
            self._me.number = me
            self._turn[me].acquire()
            try:
                work()
            except (Killed, Unavailable):
                pass
            except BaseException as error:  # noqa: BLE001 told to the test
                self.errors.append(error)
            finally:
                self._alive.discard(me)
                self._services.discard(me)
                self._back.release()

        threading.Thread(target=run, daemon=True).start()
        return me

    def busy(self) -> bool:
        """Whether anybody but the services has something to do, or the stream is not read; once not, never again."""
        working = self._alive > self._services or any(at < len(self.records()) for at in self.read.values())
        self._over = self._over or bool(self.errors) or not working
        return not self._over

    def run(self) -> None:
        """Until everybody is done, then once more without any fault."""
        self.calm = False
        for number, who in enumerate(self.given):
            for _ in range(1 + self.chance.randrange(2)):
                self.spawn(lambda who=who, number=number: self._member(who, number))
        for work in (self._clock, self._watch, self._letters, self._settler):
            self.spawn(lambda work=work: self._serve(work), service=True)
        for consumer in self.read:
            self.spawn(lambda consumer=consumer: self._serve(lambda: self._consume(consumer)), service=True)
        if self.gremlin:
            self.spawn(self._gremlin)
        self.take_turns()
        self.calm = True
        self.come_to_rest()

    def take_turns(self) -> None:
        """Until every process has ended."""
        for _ in range(STEPS_MAX):
            if not self._alive:
                break
            others = sorted(self._alive - self._services)
            often = others and self.chance.random() < 0.7
            me = self.chance.choice(others if often else sorted(self._alive))
            self._turn[me].release()
            self._back.acquire()
        else:
            raise AssertionError("the world does not come to an end")
        if self.errors:
            raise self.errors[0]

    def at_once(self, *works: Callable[[], Any]) -> None:
        """These together, interleaved at every I/O; each may die."""
        self.calm = False
        for work in works:
            self.spawn(work)
        self.take_turns()
        self.calm = True

    def _serve(self, work: Callable[[], None]) -> None:
        while self.busy():
            self.gate()
            work()

    def _mortal(self, work: Callable[[], Any]) -> Any:
        """What came of ``work`` in a process that may die; "failed" when it did, or when it gave up."""
        result: list[Any] = []

        def run() -> None:
            result.append("failed")
            result[0] = work()
            result.append("done")

        me = self.spawn(run)
        patience = 60 if self.chance.random() < 0.05 else STEPS_MAX
        while me in self._alive:
            self.gate()
            patience -= 1
            if not patience:
                return "failed"  # nobody waits for it any longer, and it goes on all the same
        return result[0] if result else "failed"

    # Who is there

    def _member(self, who: str, number: int) -> None:
        """Redeems, and now and then gives back; a twin sends the same requests at the same time."""
        ours = random.Random(number)  # both twins want the same
        wants = [(ours.choice([1, 1, 2]), f"key{n}") for n in range(ours.choice([1, 2]))]
        for quantity, key in wants:
            made = "failed"
            for _ in range(6):
                made = self._careful(lambda: self.redeem(who, quantity, key))  # noqa: B023 called at once
                if made != "failed":
                    break
            while isinstance(made, Redemption) and self.chance.random() < 0.4:
                for _ in range(self.chance.choice([20, 150, 400])):
                    self._pause()
                self._careful(lambda: self.cancel(made))  # noqa: B023 called at once

    def _careful(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (Killed, Unavailable):
            return "failed"

    def _pause(self) -> None:
        with suppress(Killed):
            self.gate()

    def begin(self, given: dict[str, Any]) -> None:
        if self.calm:
            super().begin(given)
        else:
            self.spawn(lambda: self._execution(given))

    def _execution(self, given: dict[str, Any]) -> None:
        """redemption.asl.json: durable itself, its tasks die, are tried again, and are given up while they still run."""
        said = "cancelling" if given["mode"] == "return" else self._task(lambda: self.issue(given))
        if said == "accepted":
            said = self._await(given)
        if said in ("cancelling", "failed"):
            self._task(lambda: self.cancel_order(given))
        if self._task(lambda: self.end(given)) == "failed" and self.chance.random() < 0.5:
            self._task(lambda: self.end(given))  # redriven

    def _task(self, work: Callable[[], Any]) -> Any:
        for _ in range(2):
            with suppress(Killed):
                if (came := self._mortal(work)) != "failed":
                    return came
        return "failed"

    def _await(self, given: dict[str, Any]) -> str:
        token = f"{given['redemption_id']}-{len(self.tokens)}"
        self.tokens[token] = ""
        until = self.now + timedelta(seconds=LATER_ANSWER_SECONDS)
        came = self._task(lambda: self.wait(given, token))
        while came != "failed" and self.now < until:
            if self.tokens[token]:
                return self.tokens[token]
            self._pause()
        if not self.tokens[token]:
            self.tokens[token] = "timed out"
            return "failed"
        return self.tokens[token]

    def _consume(self, consumer: str) -> None:
        at = self.read[consumer]
        if at < len(self.records()) and self._mortal(lambda: self.consume(consumer)) == "failed":
            self.read[consumer] = at
        elif self.chance.random() < 0.05:
            self.read[consumer] = max(0, self.read[consumer] - 1)  # it comes twice

    def _clock(self) -> None:
        self.now += timedelta(seconds=self.chance.choice([0] * 30 + [5, 60, 60, 600, 1800]))

    def _watch(self) -> None:
        if self.chance.random() < 0.03:
            self._mortal(self.reconcile)

    def _letters(self) -> None:
        """The partner's people: they decide, deliver goods, and post later answers in any order, twice and late."""
        if self.partner.orders and self.chance.random() < 0.2:
            order_id = self.chance.choice(sorted(self.partner.orders))
            if self.chance.random() < 0.5:
                fate = self.chance.choice(["issued", "issued", "refused"])
                self.partner.decide(order_id, fate, self.chance.choice([0, 1, 1, 2]))
            elif self.chance.random() < 0.2:
                self.partner.harden(order_id)
        elif self.partner.letters and self.chance.random() < 0.3:
            number = self.chance.randrange(len(self.partner.letters))
            keep = self.chance.random() < 0.2
            self._mortal(lambda: self.deliver(number, keep=keep))

    def _settler(self) -> None:
        if self.chance.random() < 0.1:
            self._mortal(self.settle)

    def _gremlin(self) -> None:
        """Runs any step of any redemption at any time."""
        for _ in range(4):
            for _ in range(self.chance.randrange(200)):
                self._pause()
            if self.started:
                given = self.started[self.chance.choice(sorted(self.started))]
                step = self.chance.choice([self.issue, self.cancel_order, self.end])
                self._careful(lambda: self._mortal(lambda: step(given)))  # noqa: B023 called at once


ACCEPTED = ("issue",)
FULFILLED_BEFORE = ("issue", "answer", "end")
SCENES = [  # what has happened to the redemption, and who come together then
    (ACCEPTED, ("cancel_order", "answer")),
    (ACCEPTED, ("cancel_order", "answer", "end")),
    (ACCEPTED, ("cancel", "answer")),
    (ACCEPTED, ("end", "end", "answer")),
    (("issue", "decide"), ("cancel_order", "end")),
    (("issue", "wait"), ("cancel", "answer", "wait")),
    (("issue", "cancel"), ("cancel_order", "answer", "end")),
    (("issue", "answer"), ("cancel", "end")),
    (("issue", "answer", "cancel"), ("cancel_order", "end")),
    (("issue", "cancel_order", "end"), ("overlook", "answer")),
    (FULFILLED_BEFORE, ("cancel", "settle")),
    ((*FULFILLED_BEFORE, "cancel"), ("cancel_order", "settle")),
    ((*FULFILLED_BEFORE, "cancel"), ("cancel_order", "cancel_order", "end")),
    ((), ("issue", "cancel")),
    ((), ("issue", "cancel_order")),
    ((), ("issue", "overlook")),
    ((), ("issue", "issue", "end")),
]
LATER = [(), ("end",), ("answer", "end"), ("overlook",), ("settle",)]


class Duel(Turns):
    """One redemption with a past, and two or three who come together, interleaved at every I/O; then what follows."""

    def __init__(self, seed: int, scene: int | None = None, **more: Any) -> None:
        super().__init__(seed, members=1, kill_chance=(0.0, 0.02, 0.06)[seed % 3], **more)
        self.scene = scene

    def run(self) -> None:
        who = next(iter(self.given))
        made = self.redeem(who, 2, "key")
        assert made
        self.made = made
        away = self.partner.lost
        self.partner.lost = lambda: "" if self.calm else away()
        self.task = {"member_id": who, "redemption_id": made.id, "mode": "issue"}
        past, contest = self.chance.choice(SCENES) if self.scene is None else SCENES[self.scene]
        if self.scene is None and self.chance.random() < 0.2:
            past, _ = self.chance.choice(SCENES)
        self.partner.fate = lambda: "accepted" if "answer" in (*past, *contest) else "issued"
        for name in past:
            self.step(name)()
        self.at_once(*map(self.step, contest))
        for name in self.chance.choice(LATER):
            self.at_once(self.step(name))
        self.come_to_rest()

    def step(self, name: str) -> Callable[[], Any]:
        """One of the things that can happen to it."""
        steps: dict[str, Callable[[], Any]] = {
            "issue": lambda: self.issue(self.task),
            "wait": lambda: self.wait(self.task, f"token-{len(self.tokens)}"),
            "cancel_order": lambda: self.cancel_order(self.task),
            "end": lambda: self.end(self.task),
            "cancel": lambda: self.cancel(self.made),
            "settle": self.settle,
            "decide": self.decide,
            "answer": self.answer,
            "overlook": self.overlook,
        }
        return steps[name]

    def decide(self) -> None:
        """The partner decides; what it issued may be on its way by now."""
        if self.made.id in self.partner.orders:
            self.partner.decide(self.made.id, self.chance.choice(["issued"] * 4 + ["refused"]), 2)
            if self.chance.random() < 0.2:
                self.partner.harden(self.made.id)

    def answer(self) -> None:
        """The partner says what it has decided, or says it again."""
        self.decide()
        if self.partner.letters:
            self.deliver(0)

    def begin(self, given: dict[str, Any]) -> None:
        self.waiting.append(given)  # it runs when the duel is over

    def overlook(self) -> None:
        """Later, the watch comes by."""
        self.now += timedelta(minutes=self.chance.choice([30, 61]))
        self.reconcile()
