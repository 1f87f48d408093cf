"""A rush on DynamoDB's partitions, simulated: which number of stock shards and ticket lanes bears it.

    .venv/bin/python -m tests.benchmarks.partitions          # the table, in less than 20 seconds

What is simulated, millisecond by millisecond, all of it drawn from one seed:

- **Requests** arrive as a Poisson process; each is a new member's, for one piece. ``rewards.stock.home_shard`` says which
  shard (and which lane) is the member's own.
- **A partition** bears 1,000 write and 3,000 read units a second: a token bucket that holds one second's worth and is full
  at the start. No burst credit beyond that second. A call that finds too few tokens is throttled and costs nothing; one
  whose condition fails costs what it would have cost. Each stock shard and each lane has a partition of its own (what
  adaptive capacity does with hot items, one item a partition at most) unless ``Design.partitions`` says how many
  partitions the table has, over which the keys are hashed.
- **Straight through**: one read of the home shard, then one transaction, 2 write units on the shard. A short home shard
  leads to a look at all shards (one read unit on each), then, by ``Design.rebalancing``:
  ``none``: refused; ``next``: take from the next shard that has some, counted from home, move nothing;
  ``richest``: take from the richest and move half of its rest into the home shard, in the same transaction (2 units more);
  ``house``: what ``rewards.stock.draws`` says: the same with the first shard, counted from home, that has at least half as
  much as the richest, so that not all who look go to one.
  A process that has seen all shards empty remembers it for ``Design.memory_ms``.
- **Tickets** (``lanes`` > 0): one write unit on the lane's counter, one on the member's own partition. The table's stream
  hands the ticket to one of ``consumers`` (the same for all of a member's, in order), which takes ``SERVICE_MS`` for each and
  does there what a straight request does.
- **Retries** are ``store.client``'s: six attempts, 20 ms doubled with full jitter, then 503; the member comes again with the
  same key after 1 s, then 2, 4, 8 on average. Nobody gives up.
- Not simulated: latencies that grow with load, Lambda's own limits, members' own partitions, conflicts of transactions on
  one item other than by ``Design.hold_ms`` (how long a transaction keeps others from its items; AWS gives no figure).

Small numbers of partitions are simulated at a tenth (a tenth of the crowd, the pieces and the partitions' units): the ratios
are the same, and so are the times.
"""

import random
import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import Any

from puhui.rewards.stock.model import draws, home_shard, shards_for, split
from puhui.store.client import ATTEMPTS_MAX, BACKOFF_BASE_SECONDS

WRITE_UNITS, READ_UNITS = 1_000, 3_000  # a partition's, each second
STOCK_UNITS = 2  # an item of a transaction
SALE_UNITS = 9  # what a sale writes beside its stock: redemption, limit, transfer, balance, index
LANE_UNITS = TICKET_UNITS = SERVING_UNITS = (
    1  # the lane's counter, the member's own item, the lane's number that is served
)
CALL_MS = 5  # from a call to what follows it
STREAM_MS = 200  # from the ticket to its consumer
SERVICE_MS = 15
CLIENT_PAUSES_MS = (1_000, 2_000, 4_000, 8_000)  # on average
PARALLELISATION = 10  # consumers of one stream shard: Lambda's largest
NONE, NEXT, RICHEST, HOUSE = "none", "next", "richest", "house"

Step = Callable[[int, Any], None]


class Bucket:
    """Tokens of a partition: ``rate`` a second, at most ``depth_ms`` worth of them, full at the start. Counts in
    thousandths of a unit, so that it is exact."""

    __slots__ = ("_at", "_depth", "_left", "_rate", "_second", "_used", "busiest", "units")

    def __init__(self, rate: int, depth_ms: int = 1_000) -> None:
        self._rate = rate
        self._depth = self._left = rate * depth_ms
        self._at = 0
        self._second = self._used = 0
        self.units = self.busiest = 0  # all that were taken; the most in one second of the clock

    def holds(self, now: int, units: int) -> bool:
        """Whether there are so many at ``now`` (ms, never earlier than in the call before)."""
        left = self._left + self._rate * (now - self._at)
        self._left = left = min(left, self._depth)
        self._at = now
        return left >= units * 1_000

    def take(self, now: int, units: int) -> bool:
        """Take so many, or none when there are fewer."""
        if not self.holds(now, units):
            return False
        self._left -= units * 1_000
        self.units += units
        if (second := now // 1_000) != self._second:
            self._second, self._used = second, 0
        self._used += units
        self.busiest = max(self.busiest, self._used)
        return True


def take_each(buckets: Sequence[Bucket], now: int) -> Bucket | None:
    """Take a unit of each, or none at all: then the first that has none is returned."""
    for bucket in buckets:
        left = bucket._left + bucket._rate * (now - bucket._at)
        bucket._left = min(bucket._depth, left)
        bucket._at = now
        if left < 1_000:
            return bucket
    for bucket in buckets:
        bucket._left -= 1_000
    return None


@dataclass(frozen=True)
class Rush:
    """Who comes, and for how many pieces."""

    pieces: int = 10_000
    requests_per_second: int = 100_000
    milliseconds: int = 1_000
    seed: int = 5


@dataclass(frozen=True)
class Design:
    """What they come to. ``lanes`` 0: straight through. ``terms_item``: each request reads the reward's one item too.
    ``partitions`` 0: every shard and lane has its own. ``rate``: write units a second of a partition; reads are three times
    as many."""

    shards: int
    rebalancing: str = HOUSE
    lanes: int = 0
    consumers: int = 0
    terms_item: bool = False
    partitions: int = 0
    hold_ms: int = 0
    processes: int = 2_000
    memory_ms: int = 1_000
    rate: int = WRITE_UNITS
    depth_ms: int = 1_000


@dataclass(frozen=True)
class Outcome:
    """``calls``: reads, looks, transactions and tickets sent to the table. ``refused_early``: told that there is nothing
    while there were pieces. ``lost_races``: transactions whose condition failed. ``hottest_ppm``: the hottest item's part of
    all write units, in millionths; ``hottest_units``: write units in the busiest second of the hottest partition.
    ``sold_out_ms``: -1 for never; ``answered_ms``: when the last one had an answer."""

    sold: int
    refused: int
    refused_early: int
    calls: int
    throttled: int
    retries: int
    lost_races: int
    conflicts: int
    looks: int
    sold_out_ms: int
    answered_ms: int
    hottest_ppm: int
    hottest_units: int
    ticketed_ms: int

    @property
    def throttled_share(self) -> float:
        """Of all calls."""
        return self.throttled / self.calls if self.calls else 0.0


@lru_cache(maxsize=4)
def arrivals(rush: Rush) -> tuple[list[str], list[int]]:
    """The members and the milliseconds at which they come."""
    chance = random.Random(rush.seed)  # a simulation, not a secret
    gaps = iter(lambda: chance.expovariate(rush.requests_per_second / 1_000), None)
    times: list[int] = []
    for moment in accumulate(gaps):
        if moment >= rush.milliseconds:
            break
        times.append(int(moment))
    return [f"{chance.getrandbits(125):026X}" for _ in times], times


@lru_cache(maxsize=4)
def _homes(rush: Rush, parts: int) -> list[int]:
    return [home_shard(member, parts) for member in arrivals(rush)[0]]


class _Table:
    """The partitions under keys like ``stock:3``: one bucket for writes, one for reads."""

    def __init__(self, design: Design) -> None:
        self._design = design
        self._by_key: dict[str, tuple[Bucket, Bucket]] = {}
        self._shared = [self._new() for _ in range(design.partitions)]

    def _new(self) -> tuple[Bucket, Bucket]:
        rate, depth = self._design.rate, self._design.depth_ms
        return Bucket(rate, depth), Bucket(rate * READ_UNITS // WRITE_UNITS, depth)

    def at(self, key: str) -> tuple[Bucket, Bucket]:
        """The partition of an item."""
        if (found := self._by_key.get(key)) is None:
            place = zlib.crc32(key.encode(), 1)
            found = self._shared[place % len(self._shared)] if self._shared else self._new()
            self._by_key[key] = found
        return found

    def busiest(self) -> int:
        return max((write.busiest for write, _ in self._by_key.values()), default=0)


class _Play:
    """One rush on one design. Straight through: every member has a process, some of them later that of another one."""

    def __init__(self, rush: Rush, design: Design) -> None:
        self.design = design
        self.members, self.times = arrivals(rush)
        self.chance = random.Random(rush.seed + 1)
        self.stock = split(rush.pieces, design.shards)
        self.left = rush.pieces
        self.table = _Table(design)
        places = [self.table.at(f"stock:{shard}") for shard in range(design.shards)]
        self.writes, self.reads = [write for write, _ in places], [read for _, read in places]
        self.units = [0] * design.shards
        self.home = _homes(rush, design.shards)
        self.attempts = [0] * len(self.members)
        self.agenda: defaultdict[int, list[tuple[Step, Any]]] = defaultdict(list)
        self.held = [0] * design.shards
        self.empty_until = [0] * self.processes()
        self.short = self.reads[0]  # of reads: the one that had none for the last look
        self.sold = self.refused = self.refused_early = 0
        self.calls = self.throttled = self.retries = self.lost_races = self.conflicts = self.looks = 0
        self.elsewhere = 0  # write units on members' own partitions
        self.sold_out = self.answered = -1

    def processes(self) -> int:
        return self.design.processes

    def process(self, who: int) -> int:
        return who % self.design.processes

    def run(self) -> None:
        """Until everybody has an answer."""
        coming, agenda = deque(enumerate(self.times)), self.agenda
        now = 0
        while coming or agenda:
            while coming and coming[0][1] == now:
                self.begin(now, coming.popleft()[0])
            for step, what in agenda.pop(now, ()):
                step(now, what)
            now += 1

    def begin(self, now: int, who: int) -> None:
        """A request comes, or comes again after a 503."""
        if self.knows_terms(now, who, self.begin):
            self.read(now, who)

    def knows_terms(self, now: int, who: int, again: Step) -> bool:
        """From memory, or by reading the one item of the reward."""
        if not self.design.terms_item:
            return True
        self.calls += 1
        if self.table.at("reward")[1].take(now, 1):
            return True
        self.later(now, again, who)
        return False

    def read(self, now: int, who: int) -> None:
        """The home shard, unless this process knows that all are empty."""
        if self.empty_until[self.process(who)] > now:
            self.refuse(now, who)
            return
        self.calls += 1
        home = self.home[who]
        if not self.reads[home].take(now, 1):
            self.later(now, self.read, who)
        elif self.stock[home]:
            self.agenda[now + CALL_MS].append((self.write, (who, home, 0)))
        elif self.design.rebalancing == NONE:
            self.refuse(now, who)
        else:
            self.agenda[now + CALL_MS].append((self.look, who))

    def look(self, now: int, who: int) -> None:
        """At all shards; then go where there is something."""
        if self.empty_until[self.process(who)] > now:
            self.refuse(now, who)
            return
        self.calls += 1
        self.looks += 1
        if not self.short.holds(now, 1):  # only to be quick: it would be found below
            self.later(now, self.look, who)
            return
        if short := take_each(self.reads, now):
            self.short = short
            self.later(now, self.look, who)
            return
        if self.left:
            self.agenda[now + CALL_MS].append((self.write, (who, *self.source(self.home[who]))))
        else:
            self.empty_until[self.process(who)] = now + self.design.memory_ms
            self.refuse(now, who)

    def source(self, home: int) -> tuple[int, int]:
        """The shard to take from, and how many more to move from there to the home shard."""
        stock = self.stock
        if stock[home]:
            return home, 0
        if self.design.rebalancing == NEXT:
            order = ((home + step) % len(stock) for step in range(len(stock)))
            return next(shard for shard in order if stock[shard]), 0
        if self.design.rebalancing == RICHEST:
            most = max(stock)
            return stock.index(most), (most - 1) // 2
        drawn = draws(stock, home, 1)
        return next(iter(drawn)), -drawn.get(home, 0)

    def write(self, now: int, what: tuple[int, int, int]) -> None:
        """The transaction: a piece out of a shard, and ``moved`` more from there to the home shard."""
        who, source, moved = what
        self.calls += 1
        shards = (source, self.home[who]) if moved else (source,)
        for shard in shards:
            if not self.writes[shard].holds(now, STOCK_UNITS):
                self.later(now, self.write, what)
                return
        busy = False
        for shard in shards:
            self.writes[shard].take(now, STOCK_UNITS)
            self.units[shard] += STOCK_UNITS
            busy = busy or self.held[shard] > now
        self.elsewhere += SALE_UNITS
        if busy:
            self.conflicts += 1
            self.again(now, self.write, what)
        elif self.stock[source] <= moved:
            self.lost_races += 1
            self.agenda[now + CALL_MS].append((self.read, who))
        else:
            for shard in shards:
                self.held[shard] = now + self.design.hold_ms
            self.sell(now, who, source, moved)

    def sell(self, now: int, who: int, source: int, moved: int) -> None:
        self.stock[source] -= 1 + moved
        self.stock[self.home[who]] += moved
        self.left -= 1
        self.sold += 1
        if not self.left:
            self.sold_out = now
        self.end(now, who)

    def refuse(self, now: int, who: int) -> None:
        self.refused += 1
        self.refused_early += self.left > 0
        self.end(now, who)

    def end(self, now: int, who: int) -> None:  # noqa: ARG002 the queue's needs it
        self.answered = now

    def later(self, now: int, step: Step, what: Any) -> None:
        """It was throttled."""
        self.throttled += 1
        self.again(now, step, what)

    def again(self, now: int, step: Step, what: Any) -> None:
        """The same call once more, as ``store.client`` does it; after its last attempt the member comes again."""
        who: int = what if isinstance(what, int) else what[0]
        self.retries += 1
        self.attempts[who] += 1
        visit, attempt = divmod(self.attempts[who], ATTEMPTS_MAX)
        if attempt:
            most = BACKOFF_BASE_SECONDS * 1_000 * 2**attempt
        else:
            most = 2 * CLIENT_PAUSES_MS[min(visit, len(CLIENT_PAUSES_MS)) - 1]
            step, what = self.restart, who
        self.agenda[now + 1 + int(self.chance.random() * most)].append((step, what))

    def restart(self, now: int, who: int) -> None:
        self.begin(now, who)

    def written(self) -> list[int]:
        """Units by item, of those that many write."""
        return self.units

    def outcome(self) -> Outcome:
        written = self.written()
        return Outcome(
            sold=self.sold,
            refused=self.refused,
            refused_early=self.refused_early,
            calls=self.calls,
            throttled=self.throttled,
            retries=self.retries,
            lost_races=self.lost_races,
            conflicts=self.conflicts,
            looks=self.looks,
            sold_out_ms=self.sold_out,
            answered_ms=self.answered,
            hottest_ppm=max(written) * 1_000_000 // max(1, sum(written) + self.elsewhere),
            hottest_units=self.table.busiest(),
            ticketed_ms=-1,
        )


class _Queued(_Play):
    """The same with tickets on lanes, and consumers who serve them in order: each is one process."""

    def __init__(self, rush: Rush, design: Design) -> None:
        super().__init__(rush, design)
        self.lane = _homes(rush, design.lanes)
        self.consumer = [zlib.crc32(member.encode(), 1) % design.consumers for member in self.members]
        self.lanes = [self.table.at(f"lane:{lane}")[0] for lane in range(design.lanes)]
        self.lane_units = [0] * design.lanes
        self.waiting: list[deque[int]] = [deque() for _ in range(design.consumers)]
        self.busy = [False] * design.consumers
        self.started = [0] * design.consumers
        self.has_ticket = [False] * len(self.members)
        self.ticketed = -1

    def processes(self) -> int:
        return self.design.consumers

    def process(self, who: int) -> int:
        return self.consumer[who]

    def begin(self, now: int, who: int) -> None:
        """A request for a ticket."""
        if not self.knows_terms(now, who, self.begin):
            return
        self.calls += 1
        lane = self.lane[who]
        if not self.lanes[lane].take(now, LANE_UNITS):
            self.later(now, self.begin, who)
            return
        self.lane_units[lane] += LANE_UNITS
        self.elsewhere += TICKET_UNITS
        self.attempts[who] = 0
        self.has_ticket[who] = True
        self.ticketed = now
        self.agenda[now + STREAM_MS].append((self.arrive, who))

    def arrive(self, now: int, who: int) -> None:
        consumer = self.consumer[who]
        if self.busy[consumer]:
            self.waiting[consumer].append(who)
        else:
            self.serve(now, who)

    def serve(self, now: int, who: int) -> None:
        consumer = self.consumer[who]
        self.busy[consumer], self.started[consumer] = True, now
        self.read(now, who)

    def restart(self, now: int, who: int) -> None:
        """The stream hands over again what its consumer could not do; the member asks again for a ticket."""
        if self.has_ticket[who]:
            self.read(now, who)
        else:
            self.begin(now, who)

    def end(self, now: int, who: int) -> None:
        """Tell the lane how far it has come; what was refused is written on the ticket."""
        super().end(now, who)
        self.elsewhere += TICKET_UNITS
        self.tell(now, who)

    def tell(self, now: int, who: int) -> None:
        self.calls += 1
        lane, consumer = self.lane[who], self.consumer[who]
        if not self.lanes[lane].take(now, SERVING_UNITS):
            self.throttled += 1
            self.retries += 1
            self.agenda[now + 1 + int(self.chance.random() * 80)].append((self.tell, who))
            return
        self.lane_units[lane] += SERVING_UNITS
        self.agenda[max(self.started[consumer] + SERVICE_MS, now + 1)].append((self.go_on, consumer))

    def go_on(self, now: int, consumer: int) -> None:
        self.busy[consumer] = False
        if self.waiting[consumer]:
            self.serve(now, self.waiting[consumer].popleft())

    def written(self) -> list[int]:
        return [*self.units, *self.lane_units]

    def outcome(self) -> Outcome:
        return replace(super().outcome(), ticketed_ms=self.ticketed)


def simulate(rush: Rush, design: Design) -> Outcome:
    """What comes of the rush: the same for the same two values, always."""
    play = (_Queued if design.lanes else _Play)(rush, design)
    play.run()
    return play.outcome()


# What is asked of it

CROWD, OFFER = 100_000, 10_000
STREAM_SHARDS = 16
CONSUMERS = PARALLELISATION * STREAM_SHARDS
SERVED = CONSUMERS * 1_000 // SERVICE_MS  # a second
NEW_TABLE = 4  # partitions of a new on-demand table: 4,000 write units, 12,000 read units


class Row(dict[str, float]):
    """An outcome as the table prints it."""

    def __str__(self) -> str:
        return (
            f"throttled {self['throttled']:6.1%}  retries {self['retries']:>9,.0f}  looks {self['looks']:>7,.0f}"
            f"  sold out {self['sold out, s']:7.3f} s  all told {self['all told, s']:6.1f} s"
            f"  refused early {self['refused early']:>6,.0f}  hottest item {self['hottest item']:7.3%}"
            f"  partition {self['hottest partition, units/s']:>5,.0f}/s"
        )


def row(rush: Rush, design: Design, tenth: bool = False) -> Row:
    """The figures of one rush; ``tenth``: simulated at a tenth of everything but the number of partitions."""
    scale = 10 if tenth else 1
    if tenth:
        rush = replace(rush, pieces=rush.pieces // 10, requests_per_second=rush.requests_per_second // 10)
        smaller = {name: getattr(design, name) // 10 for name in ("processes", "consumers", "rate")}
        design = replace(design, **smaller)
    out = simulate(rush, design)
    return Row(
        {
            "throttled": round(out.throttled_share, 4),
            "retries": out.retries * scale,
            "looks": out.looks * scale,
            "sold out, s": out.sold_out_ms / 1_000,
            "all told, s": out.answered_ms / 1_000,
            "refused early": out.refused_early * scale,
            "hottest item": out.hottest_ppm / 1_000_000,
            "hottest partition, units/s": out.hottest_units * scale,
            "lost races": out.lost_races * scale,
            "conflicts": out.conflicts * scale,
            "sold": out.sold * scale,
        }
    )


def rows() -> dict[str, tuple[Rush, Design, bool]]:
    """What the table shows, by name; where it does not say so, a queue has 400 lanes, 40 shards, 160 consumers."""
    rush = Rush(OFFER, CROWD)
    todo: dict[str, tuple[Rush, Design, bool]] = {}
    counts = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
    for shards in counts:
        todo[f"straight, home shard only, {shards} shards"] = rush, Design(shards, NONE), shards <= 8
    for shards in counts:
        todo[f"straight, rebalanced, {shards} shards"] = rush, Design(shards), shards <= 8
    straight = Design(40)
    todo["straight, 40 shards, next shard"] = rush, replace(straight, rebalancing=NEXT), False
    todo["straight, 40 shards, richest shard"] = rush, replace(straight, rebalancing=RICHEST), False
    todo["straight, 40 shards, each reads the reward"] = rush, replace(straight, terms_item=True), True
    todo["straight, 40 shards, 5 ms a transaction"] = rush, replace(straight, hold_ms=5), False
    todo["straight, 40 shards, nobody remembers"] = rush, replace(straight, memory_ms=0), True
    queue = replace(straight, lanes=400, consumers=CONSUMERS)
    for shards in (1, 4, 8, 16, 40, 128, 512):
        todo[f"queue, {queue.lanes} lanes, {shards} shards"] = (
            rush,
            replace(queue, shards=shards),
            shards <= 16,
        )
    for lanes in (4, 16, 64, 128):
        todo[f"queue, {lanes} lanes, 40 shards"] = rush, replace(queue, lanes=lanes), lanes <= 64
    todo["queue, home shard only"] = rush, replace(queue, rebalancing=NONE), False
    todo["queue, 40 consumers"] = rush, replace(queue, consumers=40), True
    todo["queue, each reads the reward"] = rush, replace(queue, terms_item=True), True
    todo["queue, nobody remembers"] = rush, replace(queue, memory_ms=0), True
    todo["queue, 5 ms a transaction"] = rush, replace(queue, hold_ms=5), False
    todo[f"queue, a new table: {NEW_TABLE} partitions"] = rush, replace(queue, partitions=NEW_TABLE), True
    todo["queue, a table of 256 partitions"] = rush, replace(queue, partitions=256), False
    return todo


def smallest(requests_per_second: int, units: int) -> int:
    """The smallest number of shards, or lanes, of which none is asked for more than a partition bears in a second, when so
    many come in it and each costs ``units``."""
    members, _ = arrivals(Rush(OFFER, requests_per_second))
    most = WRITE_UNITS // units

    def bears(parts: int) -> bool:
        return max(Counter(home_shard(who, parts) for who in members).values()) <= most

    too_few, enough = requests_per_second // most, 4 * requests_per_second // most
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if bears(middle) else (middle, enough)
    return enough


def sizes() -> dict[str, str]:
    """How many it takes when the rush lasts, against the house's rule."""
    asked = {
        f"shards for {CROWD:,} sales a second, straight": (CROWD, STOCK_UNITS),
        f"lanes for {CROWD:,} tickets a second": (CROWD, LANE_UNITS),
        "lanes when all of them are served as fast": (CROWD, LANE_UNITS + SERVING_UNITS),
        f"shards behind {CONSUMERS} consumers, {SERVED:,} sales a second": (SERVED, STOCK_UNITS),
    }
    return {
        name: f"at least {smallest(*figures)}, by the rule {shards_for(figures[0])}"
        for name, figures in asked.items()
    }


def run() -> dict[str, Any]:
    """Figures by name."""
    return {**sizes(), **{name: row(*what) for name, what in rows().items()}}


def main() -> None:
    """Print the table."""
    for what, figure in run().items():
        print(f"  {what:<58} {figure}", flush=True)


if __name__ == "__main__":
    main()
