"""A rush on rewards, played through HTTP on the local cloud while its Lambda workers are killed, and what must hold afterwards.

    rush = Rush(cloud, Plan(...))
    report = rush.play()
    assert report.findings == []

Members sign in and are given points in every offer's programme; ``clients`` threads then send the requests, in an order drawn from
the seed, some of them twice at once under one Idempotency-Key. A client that is told 429 or 5xx, or nothing, sends the same
request again. When all have their answers and every redemption has ended, ``findings`` names everything that does not add up.

A queue or a partner is a matter of the offer's document: ``{"queue_lanes": 4, "partner_id": "demo-partner"}``.
"""

import itertools
import json
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from infra.local import demo, seed
from infra.local.processes import Processes
from puhui.ledger.dynamo import balance_from
from puhui.ledger.model import is_limited
from tests.support.bank import Bank

UNDER_WAY = ("queued", "processing")
FULFILLED = "fulfilled"
REFUSALS = ("OUT_OF_STOCK", "NOT_ENOUGH_POINTS", "TICKETS_OPEN")
READ_ALONG_SECONDS = 60
OTHER_CLIENTS = 8  # before and after the rush
# What a rush runs through; other functions' workers are of no interest to the killer.
ON_THE_WAY = (
    "authorise",
    "redeem",
    "serve-queue",
    "follow-redemptions",
    "issue-order",
    "await-answer",
    "cancel-order",
    "end-redemption",
)
# What a member of a rush begins with in each programme, and what a poor one does.
ENOUGH = {"carbon-88": (7_500, 100), "green-passport-3060": (208, 52)}


@dataclass(frozen=True)
class Offer:
    """A reward of this rush: ``document`` adds to what ``put-reward`` is told."""

    programme_id: str
    price_points: int
    stock: int
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """``twins``: every how manieth request is sent twice at once. ``poor``: every how manieth member has next to nothing.
    ``kills_a_second``: how many workers die, on average. ``ramp_seconds``: from one client's start to the next one's; each
    needs a worker, and where too many start at once on one machine none is ready before its time is over. ``in_flight``: how
    many requests the clients have on the way together (0: each its own); the others wait for a connection."""

    offers: Sequence[Offer]
    members: int = 40
    clients: int = 40
    requests: int = 400
    twins: int = 8
    poor: int = 5
    kills_a_second: float = 1.0
    ramp_seconds: float = 0.1
    in_flight: int = 0
    seed: int = 1
    seconds: float = 120


@dataclass
class Report:
    """``answers``: how often each HTTP status came, refusals with their code, lost connections by name. ``ended``:
    redemptions by how they ended. ``hottest``: table to (item, its share of the writes)."""

    findings: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    slowest_seconds: float = 0.0
    setup_seconds: float = 0.0
    rush_seconds: float = 0.0
    ended_seconds: float = 0.0
    hottest: dict[str, tuple[str, float]] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """For a person, or as JSON."""
        return {name: dict(what) if isinstance(what, Counter) else what for name, what in vars(self).items()}


class Workers:
    """The Lambda workers of one local cloud: child processes of its emulator, which a cloud names by its state's folder."""

    def __init__(self, url: str) -> None:
        health = httpx.get(f"{url}/health", trust_env=False).raise_for_status().json()
        state = Path(health["state"])
        self.emulator = json.loads(Processes(state).record("emulator").read_text())["pid"]
        if "mended_ministack" not in _command(self.emulator) or _folder(self.emulator) != state:
            raise RuntimeError(f"process {self.emulator} is not the emulator of {state}")

    @staticmethod
    def can_be_found() -> bool:
        """Linux only: through /proc, killed through a file descriptor, so that no other process can be met."""
        return Path("/proc/self/stat").exists() and hasattr(os, "pidfd_open")

    def of(self, functions: Iterable[str]) -> list[tuple[int, str]]:
        """(process, function) of the workers of functions, named without the stack's name."""
        wanted = {f"puhui-{name}": name for name in functions}
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return sorted((pid, wanted[name]) for pid in pids if (name := self._function(pid)) in wanted)

    def kill(self, pid: int) -> bool:
        """SIGKILL, if it still is a worker of this cloud."""
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        try:
            if not self._function(pid):
                return False
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def _function(self, pid: int) -> str:
        if _parent(pid) != self.emulator:
            return ""
        folder = _command(pid).rpartition("/_worker")[0].rpartition("/ministack-lambda-")[2]
        return folder.rpartition("-")[0]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _folder(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except OSError:
        return None


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


# Partners that issue, fail before or after having issued, are slow, or answer later and twice: by weights.
PARTNER: dict[str, Any] = {
    "mix": {"issue": 5, "fail": 2, "slow": 1, "twice": 2},
    "delay_ms": 800,
    "later_ms": 400,
    "cancellable": True,
    "seed": 1,
}


class Killer(threading.Thread):
    """Kills one worker after the other, at random moments, until it is stopped."""

    def __init__(
        self,
        workers: Workers,
        kills_a_second: float,
        chance: random.Random,
        functions: Sequence[str] = ON_THE_WAY,
    ) -> None:
        super().__init__(name="killer", daemon=True)
        self.killed: Counter[str] = Counter()
        self._functions = functions
        self._workers, self._rate, self._chance = workers, kills_a_second, chance
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(self._chance.expovariate(self._rate)):
            by_function: dict[str, list[int]] = defaultdict(list)
            for pid, function in self._workers.of(self._functions):
                by_function[function].append(pid)
            if by_function:
                function = self._chance.choice(sorted(by_function))
                self.killed[function] += self._workers.kill(self._chance.choice(by_function[function]))

    def stop(self) -> None:
        """Returns when it kills no more."""
        self._over.set()
        if self.is_alive():
            self.join()


class Writes:
    """Counts the writes of tables from their streams, from now on: one record an item that was written."""

    def __init__(self, cloud: Any, contexts: Sequence[str]) -> None:
        self._streams = cloud.aws("dynamodbstreams")
        self._places = {}
        for context in contexts:
            table = cloud.aws("dynamodb").describe_table(TableName=f"{cloud.stack}-{context}")["Table"]
            stream = self._streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]
            self._places[context] = [
                self._streams.get_shard_iterator(
                    StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="LATEST"
                )["ShardIterator"]
                for shard in stream["Shards"]
            ]

        self._counts: dict[str, Counter[str]] = {context: Counter() for context in contexts}
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read_along, name="writes", daemon=True)
        self._reader.start()

    def counted(self) -> dict[str, Counter[str]]:
        """Context to item to number of writes so far. Call it once."""
        self._over.set()
        self._reader.join()
        self._read()
        return self._counts

    def _read_along(self) -> None:
        """A place in a stream is good for 15 minutes only."""
        while not self._over.wait(READ_ALONG_SECONDS):
            self._read()

    def _read(self) -> None:
        for context, places in self._places.items():
            for number, place in enumerate(places):
                places[number] = self._read_on(place, self._counts[context])

    def _read_on(self, place: str, counts: Counter[str]) -> str:
        while place:
            page = self._streams.get_records(ShardIterator=place)
            for record in page["Records"]:
                counts[" ".join(value["S"] for value in record["dynamodb"]["Keys"].values())] += 1
            place = page.get("NextShardIterator", "")
            if not page["Records"]:
                break
        return place


class Buyer:
    """A member of the rush: signed in, with points."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api
        openid = demo.control(api, "users", nickname="抢购")["openid"]

        def sign_in() -> httpx.Response:
            code = demo.control(api, "login-codes", openid=openid)["code"]
            return api.post("/v1/sessions", json={"code": code, "programme_id": "carbon-88"})

        session = patiently(sign_in).raise_for_status().json()
        self.id: str = session["member"]["id"]
        self._headers = {"Authorization": f"Bearer {session['access_token']}", "Accept-Language": "en"}
        self.points: dict[str, int] = {}

    def request(self, method: str, path: str, key: str = "", **more: Any) -> httpx.Response:
        """One request with the member's token."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        return self.api.request(method, f"/v1{path}", headers=headers, **more)

    def get(self, path: str, **params: Any) -> Any:
        """The body of a GET that succeeds, in the end."""
        return patiently(lambda: self.request("GET", path, params=params)).raise_for_status().json()

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """All items of a list."""
        more: dict[str, str] = {}
        while True:
            page = self.get(path, limit=100, **more)
            yield from page["items"]
            if not page["next_cursor"]:
                return
            more = {"cursor": page["next_cursor"]}

    def balances(self) -> dict[str, int]:
        """Points by programme."""
        return {item["programme_id"]: item["points"] for item in self.get("/me/balances")["items"]}

    def statement(self) -> Counter[str]:
        """Points by programme, added up from the member's transfers."""
        sums: Counter[str] = Counter()
        for transfer in self.pages("/me/transfers"):
            for leg in transfer["details"]["legs"]:
                if leg["account"] == f"member:{self.id}" and leg["asset"].startswith("PTS:"):
                    sums[leg["asset"].partition(":")[2]] += leg["amount"]
        return sums


def patiently(
    send: Callable[[], httpx.Response],
    told: Callable[[str], None] = lambda _what: None,
    *,
    seconds: float = 60,
) -> httpx.Response:
    """The answer of a request that is sent again after 429, 5xx or a lost connection; ``told`` hears of each of them."""
    deadline = time.monotonic() + seconds
    for attempt in itertools.count():
        try:
            answer = send()
        except httpx.TransportError as lost:
            told(type(lost).__name__)
            if time.monotonic() > deadline:
                raise
        else:
            if answer.status_code != 429 and answer.status_code < 500:
                return answer
            told(f"{answer.status_code} {answer.text[:120]}")
            if time.monotonic() > deadline:
                return answer
        time.sleep(random.uniform(0, min(2, 0.1 * 2**attempt)))
    raise AssertionError


@dataclass
class _Wanted:
    """One request: who wants which offer under which key, and what came of it."""

    buyer: Buyer
    reward_id: str
    key: str
    redemption_ids: set[str] = field(default_factory=set)
    refusals: set[str] = field(default_factory=set)


class Rush:
    """One rush on a local cloud."""

    def __init__(self, cloud: Any, plan: Plan) -> None:
        self.cloud, self.plan = cloud, plan
        self.bank = Bank(cloud.endpoint)
        self.chance = random.Random(plan.seed)
        self.report = Report()
        self.offers: dict[str, Offer] = {}
        self.buyers: list[Buyer] = []
        self.wanted: list[_Wanted] = []
        self._lock = threading.Lock()

    def play(self) -> Report:
        """Set it up, rush, wait for the end, check."""
        limits = httpx.Limits(max_connections=(self.plan.in_flight or self.plan.clients) + OTHER_CLIENTS)
        with (
            # Longer than anything on the way waits: what nobody waits for any more would still be at work.
            httpx.Client(
                base_url=self.cloud.url, timeout=httpx.Timeout(90, pool=None), limits=limits, trust_env=False
            ) as api,
            ThreadPoolExecutor(OTHER_CLIENTS) as pool,
        ):
            self.report.setup_seconds = _timed(lambda: self._set_up(api, pool))
            self._partner(api, PARTNER)
            writes = Writes(self.cloud, ("rewards", "ledger"))
            killer = self._killer()
            try:
                self.report.rush_seconds = _timed(self._rush)
                self.report.ended_seconds = _timed(lambda: self._await_ends(pool))
            finally:
                if killer:
                    killer.stop()
                    self.report.killed = killer.killed
            self._partner(api, {"mode": "issue", "cancellable": False})
            self._count(writes)
            self._check(pool)
        return self.report

    # Before

    def _set_up(self, api: httpx.Client, pool: ThreadPoolExecutor) -> None:
        run = f"{self.plan.seed}-{time.time_ns():x}"
        for number, offer in enumerate(self.plan.offers):
            reward_id = f"rush-{run}-{number}"
            document = {
                "id": reward_id,
                "programme_id": offer.programme_id,
                "kind": "good",
                "title": {"zh-CN": "抢购", "en": "Rush"},
                "price_points": offer.price_points,
                "stock": offer.stock,
                "per_member_limit": None,
                "delivery": "none",
                **offer.document,
            }
            seed.invoke(self.cloud.aws("lambda"), "put-reward", document, "the rush")
            self.offers[reward_id] = offer
        self.buyers = list(pool.map(lambda number: self._buyer(api, number), range(self.plan.members)))
        rewards = list(self.offers)
        self.wanted = [
            _Wanted(self.chance.choice(self.buyers), self.chance.choice(rewards), f"rush-{run}-{number}")
            for number in range(self.plan.requests)
        ]

    def _buyer(self, api: httpx.Client, number: int) -> Buyer:
        buyer = Buyer(api)
        for programme_id in dict.fromkeys(offer.programme_id for offer in self.plan.offers):
            enough, little = ENOUGH[programme_id]
            self.bank.give(buyer.id, programme_id, little if number % self.plan.poor == 0 else enough)
        buyer.points = buyer.balances()
        return buyer

    def _killer(self) -> Killer | None:
        if not self.plan.kills_a_second or not Workers.can_be_found():
            return None
        killer = Killer(Workers(self.cloud.url), self.plan.kills_a_second, random.Random(self.plan.seed))
        killer.start()
        return killer

    def _partner(self, api: httpx.Client, behaviour: dict[str, Any]) -> None:
        """Tell the server of the partners that the offers have how to behave."""
        for partner_id in {offer.document.get("partner_id") for offer in self.plan.offers} - {None}:
            answer = api.post("/_partner/_standin/behaviour", json={"partner": partner_id, **behaviour})
            answer.raise_for_status()

    # The rush

    def _rush(self) -> None:
        sent: list[_Wanted] = []
        for number, wanted in enumerate(self.wanted):
            sent += [wanted] * (2 if self.plan.twins and number % self.plan.twins == 0 else 1)
        waiting = iter(sent)
        with ThreadPoolExecutor(self.plan.clients) as clients:
            list(clients.map(lambda number: self._client(number, waiting), range(self.plan.clients)))

    def _client(self, number: int, waiting: Iterator[_Wanted]) -> None:
        time.sleep(number * self.plan.ramp_seconds)
        while True:
            with self._lock:
                wanted = next(waiting, None)
            if wanted is None:
                return
            self._send(wanted)

    def _send(self, wanted: _Wanted) -> None:
        body = {"reward_id": wanted.reward_id, "quantity": 1}
        started = time.monotonic()
        try:
            answer = patiently(
                lambda: wanted.buyer.request("POST", "/redemptions", wanted.key, json=body),
                self._failed,
                seconds=self.plan.seconds,
            )
        except httpx.TransportError as lost:
            self._find(f"no answer to {wanted.key}: {lost!r}")
            return
        told: dict[str, Any] = answer.json() if answer.status_code < 500 else {}
        with self._lock:
            code = f" {told['code']}" if "code" in told else ""
            self.report.answers[f"{answer.status_code}{code}"] += 1
            self.report.slowest_seconds = max(self.report.slowest_seconds, time.monotonic() - started)
        if answer.status_code in (201, 202):
            wanted.redemption_ids.add(told["id"])
        elif answer.status_code == 409 and told["code"] in REFUSALS:
            wanted.refusals.add(told["code"])
        else:
            self._find(f"{wanted.key} was answered {answer.status_code}: {answer.text[:200]}")

    def _failed(self, what: str) -> None:
        with self._lock:
            self.report.retries += 1
            self.report.failures[what] += 1

    def _find(self, what: str) -> None:
        with self._lock:
            self.report.findings.append(what)

    def _await_ends(self, pool: ThreadPoolExecutor) -> None:
        deadline = time.monotonic() + self.plan.seconds
        list(pool.map(lambda wanted: self._await_end(wanted, deadline), self.wanted))

    def _await_end(self, wanted: _Wanted, deadline: float) -> None:
        for redemption_id in wanted.redemption_ids:
            while True:
                redemption = wanted.buyer.get(f"/redemptions/{redemption_id}")
                if redemption["status"] not in UNDER_WAY:
                    break
                if time.monotonic() > deadline:
                    self._find(f"redemption {redemption_id} has not ended: {json.dumps(redemption)}")
                    break
                time.sleep(0.5)

    # Afterwards

    def _count(self, writes: Writes) -> None:
        for context, counted in writes.counted().items():
            total = self.report.writes[context] = counted.total()
            if total:
                item, count = counted.most_common(1)[0]
                self.report.hottest[context] = item, round(count / total, 4)

    def _check(self, pool: ThreadPoolExecutor) -> None:
        for wanted in self.wanted:
            if len(wanted.redemption_ids) > 1:
                self._find(f"one key gave several redemptions: {wanted.key}: {wanted.redemption_ids}")
            if wanted.redemption_ids and wanted.refusals:
                self._find(f"one key was both taken and refused: {wanted.key}: {wanted.refusals}")
        found = list(pool.map(self._redemptions, self.buyers))
        known = {each for wanted in self.wanted for each in wanted.redemption_ids}
        redemptions = {each["id"]: each for items in found for each in items}
        if set(redemptions) != known:
            self._find(f"redemptions that nobody was told of, or that are gone: {set(redemptions) ^ known}")
        self.report.ended = Counter(_how(each) for each in redemptions.values())
        self._check_stock(redemptions.values())
        list(pool.map(self._check_buyer, self.buyers, found))
        self._check_ledger()
        self._check_partners(redemptions.values())
        audit = seed.invoke(self.cloud.aws("lambda"), "audit-ledger", {}, "the rush's audit")
        if not audit["sound"]:
            self._find(f"the ledger is not sound: {audit['differences']}")

    def _redemptions(self, buyer: Buyer) -> list[dict[str, Any]]:
        return [each for each in buyer.pages("/redemptions") if each["reward_id"] in self.offers]

    def _check_stock(self, redemptions: Iterable[dict[str, Any]]) -> None:
        """Exactly the stock is given out, and no shard is below zero."""
        left: Counter[str] = Counter()
        for item in self.cloud.items("rewards"):
            kind, _, rest = item["owner"].partition(":")
            reward_id = rest.rpartition(":")[0]
            if kind == "stock" and reward_id in self.offers:
                left[reward_id] += int(item["stock_left"])
                if item["stock_left"] < 0:
                    self._find(f"a shard is below zero: {item}")
        given = Counter(each["reward_id"] for each in redemptions if each["status"] == FULFILLED)
        back = {each["reward_id"] for each in redemptions if each["status"] == "refunded"}
        for reward_id, offer in self.offers.items():
            if given[reward_id] + left[reward_id] != offer.stock:
                self._find(f"{reward_id}: {given[reward_id]} given, {left[reward_id]} left of {offer.stock}")
            wanted = self._affordable(reward_id)
            if wanted < offer.stock:
                self._find(f"the plan is too small: {wanted} affordable wishes for {offer.stock} pieces")
            elif left[reward_id] > 0 and reward_id not in back:
                self._find(f"{reward_id}: refused while {left[reward_id]} pieces remained")

    def _affordable(self, reward_id: str) -> int:
        """At least how many of the requests for a reward their members could pay, other offers of the programme aside."""
        offer = self.offers[reward_id]
        wishes = Counter(wanted.buyer.id for wanted in self.wanted if wanted.reward_id == reward_id)
        points = {buyer.id: buyer.points.get(offer.programme_id, 0) for buyer in self.buyers}
        return sum(min(count, points[who] // offer.price_points) for who, count in wishes.items())

    def _check_buyer(self, buyer: Buyer, redemptions: list[dict[str, Any]]) -> None:
        """What is left is what was earned less what was got; the statement adds up to it."""
        expected = Counter(buyer.points)
        for each in redemptions:
            if each["status"] == FULFILLED:
                offer = self.offers[each["reward_id"]]
                expected[offer.programme_id] -= offer.price_points * each["quantity"]
            elif each["status"] in UNDER_WAY:
                self._find(f"{each['id']} is still {each['status']}")
        balances, statement = buyer.balances(), buyer.statement()
        for programme_id, points in expected.items():
            if balances.get(programme_id, 0) != points:
                self._find(
                    f"{buyer.id} has {balances.get(programme_id, 0)} points of {programme_id}, not {points}"
                )
            if statement[programme_id] != points:
                self._find(
                    f"{buyer.id}'s statement of {programme_id} adds up to {statement[programme_id]}, not {points}"
                )

    def _check_ledger(self) -> None:
        """No account with a limit holds less than nothing; nothing of the members' is still held."""
        members = {f"member:{buyer.id}" for buyer in self.buyers}
        for item in self.cloud.items("ledger"):
            account, entry = item["account"], item["entry"]
            if entry.startswith("B#") and is_limited(account):
                whole = {name: int(v) if not isinstance(v, str) else v for name, v in item.items()}
                held = balance_from(account, entry[2:], whole)
                if any(amount < 0 for amount in [*held.amounts.values(), *held.lots.values()]):
                    self._find(f"below zero: {item}")
            if entry.startswith("H#") and account in members and item["state"] == "pending":
                self._find(f"still held: {item}")

    def _check_partners(self, redemptions: Iterable[dict[str, Any]]) -> None:
        """A member has the good exactly when the partner gave it."""
        ours = {
            each["id"]: each["status"]
            for each in redemptions
            if self.offers[each["reward_id"]].document.get("partner_id")
        }
        if not ours:
            return
        answer = httpx.get(f"{self.cloud.url}/_partner/_standin/orders", trust_env=False, timeout=30)
        orders = {order["order_id"]: order["status"] for order in answer.raise_for_status().json()["orders"]}
        for redemption_id, status in ours.items():
            issued = orders.get(redemption_id) == "issued"
            if issued != (status == FULFILLED):
                self._find(
                    f"{redemption_id} is {status}, at the partner {orders.get(redemption_id, 'unknown')}"
                )


def _how(redemption: Mapping[str, Any]) -> str:
    reason = redemption.get("reason_code")
    return f"{redemption['status']} {reason}" if reason else str(redemption["status"])


def _timed(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return round(time.monotonic() - started, 1)
