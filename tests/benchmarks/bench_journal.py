"""The journal's sequencer: its own code, on a table and a bucket in memory; and all of it, on the emulator over HTTP.

It goes on from logs of a size, of which stands what it reads when it begins anew: the head, and the tiles at the end. Members
take turns: with 1,000 of them each entry of a batch is in another stream, which costs the most.
"""

import base64
import cProfile
import pstats
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Any

import boto3
import pytest
from botocore.config import Config

from puhui.journal import sequencer
from puhui.journal.dynamo import Journal
from puhui.journal.model import Event
from puhui.journal.sequencer import Log, sequence
from puhui.journal.sources import of_transfer
from puhui.kernel import clock, ids
from puhui.ledger.model import Leg, Transfer, credits, member, points
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.objects import Bucket
from puhui.tlog.notes import ED25519, LocalSigner
from puhui.tlog.tiles import WIDTH, Edge
from tests.benchmarks.bench_act import tables_server
from tests.support import tables
from tests.support.journal_fakes import MemoryObjects, MemoryTable
from tests.support.large_logs import edge_of, stand

NOW = clock.from_text("2026-11-21T12:00:00+08:00")
ORIGIN = "journal.bench/2026"
SIZES = (10_000, 1_000_000)
FEW, MANY = 50, 1000
CASES = [(SIZES[0], FEW), (SIZES[0], MANY), (SIZES[1], MANY)]  # entries and members
LARGER = f"entries/s at {SIZES[1]:,} / at {SIZES[0]:,}"
BATCHES_IN_MEMORY = {1: 500, 100: 50, 1000: 7}  # how many of each length
BATCHES_ON_THE_EMULATOR = {100: 15, 1000: 7}
WRITE_UNIT_BYTES = 1024
PUHUI = str(Path(sequencer.__file__).parents[1])


def run() -> dict[str, Any]:
    """Figures by name."""
    edges = {size: edge_of(size) for size in SIZES}
    figures = _in_memory(edges)
    figures["own code, most of the CPU time"] = _profile(edges[SIZES[0]])
    with pytest.MonkeyPatch.context() as patch, tables_server(patch):
        figures |= _on_the_emulator(edges)
    return figures


def events(members: int) -> Iterator[Event]:
    """Credited acts without end, by so many members in turn."""
    co2e, pts = credits("carbon-88", 2026), points("carbon-88")
    for number in count():
        account = member(ids.derived_id(NOW, "member", str(number % members)))
        legs = (
            Leg("issuance:carbon-88", co2e, -1000),
            Leg(account, co2e, 1000),
            Leg("issuance:carbon-88", pts, -30),
            Leg(account, pts, 30, "2028-11"),
        )
        act = ids.derived_id(NOW, "act", str(number))
        yield of_transfer(Transfer(act, "credit", NOW, legs, act))


def standing(edge: Edge, table: Any, objects: Any) -> Log:
    """The log with this edge in an empty table and bucket."""
    signer = LocalSigner(ORIGIN, ED25519, b"k" * 32)
    stand(edge, origin=ORIGIN, table=table, objects=objects, signer=signer)
    return Log(ORIGIN, table, objects, signer, b"p" * 32, lock_days=1)


@dataclass
class Run:
    """A log, the events that come to it, and what each measured batch took: seconds of the clock and of the CPU."""

    size: int
    members: int
    log: Log
    coming: Iterator[Event]
    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)

    def sequence(self, length: int) -> None:
        """Sequence the next events, and measure."""
        batch = list(islice(self.coming, length))
        wall, cpu = time.perf_counter(), time.process_time()
        sequence(batch, log=self.log)
        self.walls.append(time.perf_counter() - wall)
        self.cpus.append(time.process_time() - cpu)

    def clear(self) -> None:
        """Forget what was measured."""
        self.walls.clear()
        self.cpus.clear()

    def __str__(self) -> str:
        return f"{self.size:,}, {self.members} members"


def _alternately(runs: Sequence[Run], length: int, batches: int) -> None:
    """Batches of one log after those of the other, so that whatever else the machine does strikes all alike."""
    for run in runs:
        run.clear()
    for _ in range(batches):
        for run in runs:
            run.sequence(length)


def _ratio(seconds: list[float]) -> float:
    """How fast the larger log is beside the smaller one with as many members."""
    *_, smaller, larger = seconds
    return round(smaller / larger, 2)


def _in_memory(edges: dict[int, Edge]) -> dict[str, Any]:
    runs = [
        Run(size, members, standing(edges[size], MemoryTable(), MemoryObjects()), events(members))
        for size, members in CASES
    ]
    for run in runs:
        run.sequence(run.members)
    figures: dict[str, Any] = {}
    for length, batches in BATCHES_IN_MEMORY.items():
        _alternately(runs, length, batches)
        for run in runs:
            rate = round(length / median(run.cpus))
            figures[f"own code, {run}, batch {length}: entries/s of CPU"] = rate
        figures[f"own code, batch {length}, {LARGER} (flat: 1)"] = _ratio([median(run.cpus) for run in runs])
    return figures


def _profile(edge: Edge) -> str:
    """The three functions below ``sequence`` with the most CPU time, callees' time in them included."""
    log, coming = standing(edge, MemoryTable(), MemoryObjects()), events(MANY)
    sequence(islice(coming, MANY), log=log)
    batch = list(islice(coming, 1000))
    with cProfile.Profile() as profile:
        sequence(batch, log=log)
    found = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    ours = {
        f"{Path(file).stem}.{name}": cumulative
        for (file, _, name), (_, _, _, cumulative, _) in found.items()
        if file.startswith(PUHUI) and not name.startswith("<")
    }
    whole = ours.pop("sequencer.sequence")
    most = sorted(ours, key=ours.__getitem__, reverse=True)[:3]
    return ", ".join(f"{name} {ours[name] / whole:.0%}" for name in most)


class Meter:
    """Sends, and counts requests by kind and the units that tables would be charged."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.requests, self.writes, self.reads = Counter[str](), 0, 0

    def call(self, service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """One operation on a table."""
        answer = aws.call(service, operation, payload)
        with self._lock:
            self.requests[operation] += 1
            for asked in payload.get("RequestItems", {}).values():
                if operation == "BatchGetItem":
                    self.reads += len(asked["Keys"])  # consistent, and no item is over 4 KB
                else:
                    self.writes += sum(_write_units(each["PutRequest"]["Item"]) for each in asked)
            if operation == "UpdateItem":
                self.writes += _write_units(answer["Attributes"])
        return answer

    def send(
        self, address: str, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> aws.Exchanged:
        """One request to a bucket."""
        with self._lock:
            self.requests[method] += 1
        return aws.exchange(address, method, path, body, headers)


def _write_units(item: dict[str, Any]) -> int:
    return -(-sum(len(name) + _bytes(value) for name, value in item.items()) // WRITE_UNIT_BYTES)


def _bytes(wire: dict[str, Any]) -> int:
    """Of an attribute's value, as DynamoDB counts them."""
    ((kind, value),) = wire.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return len(value) // 2 + 2
        case "B":
            return len(base64.b64decode(value))
        case "L":
            return 3 + sum(1 + _bytes(each) for each in value)
    raise ValueError(f"the journal's items have no attributes of type {kind}")


def _on_the_emulator(edges: dict[int, Edge]) -> dict[str, Any]:
    runs, meters = [], []
    for size, members in CASES:
        meter, name = Meter(), f"journal-{size}-{members}"
        boto3.client("dynamodb").create_table(TableName=name, **tables.table_definition("journal"))
        boto3.client("s3", config=Config(s3={"addressing_style": "path"})).create_bucket(
            Bucket=name,
            ObjectLockEnabledForBucket=True,
            CreateBucketConfiguration={"LocationConstraint": "cn-north-1"},
        )
        table, objects = Journal(DynamoDB(meter.call), name, ORIGIN), Bucket(name, meter.send)
        run = Run(size, members, standing(edges[size], table, objects), events(members))
        # From the beginning of a tile on, so that at each size as many become full.
        run.sequence(1000 + -(size + 1000) % WIDTH)
        runs.append(run)
        meters.append(meter)
    figures: dict[str, Any] = {}
    for length, batches in BATCHES_ON_THE_EMULATOR.items():
        for meter in meters:
            meter.clear()
        _alternately(runs, length, batches)
        for run, meter in zip(runs, meters, strict=True):
            found = _figures(run, meter, length, batches)
            figures |= {f"emulator, {run}, batch {length}: {what}": figure for what, figure in found.items()}
        figures[f"emulator, batch {length}, {LARGER} (flat: 1)"] = _ratio([median(run.walls) for run in runs])
    return figures


def _figures(run: Run, meter: Meter, length: int, batches: int) -> dict[str, Any]:
    kinds = sorted(meter.requests.items())
    return {
        "entries/s": round(length / median(run.walls)),
        "CPU us an entry": round(median(run.cpus) / length * 1e6),
        "requests a batch": ", ".join(f"{kind} {n / batches:.4g}" for kind, n in kinds),
        "write units an entry": round(meter.writes / batches / length, 3),
        "read units an entry": round(meter.reads / batches / length, 3),
    }
