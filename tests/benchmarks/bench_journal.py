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
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
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
MEMBERS = (50, 1000)
BATCHES_IN_MEMORY = {1: 500, 100: 50, 1000: 5}  # how many of each length
BATCHES_ON_THE_EMULATOR = {100: 10, 1000: 5}
WRITE_UNIT_BYTES = 1024
PUHUI = str(Path(sequencer.__file__).parents[1])


def run() -> dict[str, Any]:
    """Figures by name."""
    edges = {size: edge_of(size) for size in SIZES}
    figures: dict[str, Any] = {}
    for size, members in [(SIZES[0], MEMBERS[0]), *((size, MEMBERS[-1]) for size in SIZES)]:
        figures |= _in_memory(edges[size], members)
    figures["most CPU time of the sequencer's own code"] = _profile(edges[SIZES[0]])
    with pytest.MonkeyPatch.context() as patch, tables_server(patch):
        for size, members in [(SIZES[0], MEMBERS[0]), *((size, MEMBERS[-1]) for size in SIZES)]:
            figures |= _on_the_emulator(edges[size], members)
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


def _in_memory(edge: Edge, members: int) -> dict[str, Any]:
    figures = {}
    for length, batches in BATCHES_IN_MEMORY.items():
        log, coming = standing(edge, MemoryTable(), MemoryObjects()), events(members)
        sequence(islice(coming, members), log=log)
        given = [list(islice(coming, length)) for _ in range(batches)]
        started = time.process_time()
        for batch in given:
            sequence(batch, log=log)
        rate = length * batches / (time.process_time() - started)
        figures[f"own code, {edge.size:,}, {members} members, batch {length}: entries/s of CPU"] = round(rate)
    return figures


def _profile(edge: Edge) -> str:
    """The three functions below ``sequence`` with the most CPU time, callees' time in them included."""
    log, coming = standing(edge, MemoryTable(), MemoryObjects()), events(MEMBERS[-1])
    sequence(islice(coming, MEMBERS[-1]), log=log)
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


def _on_the_emulator(edge: Edge, members: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    meter, name = Meter(), f"journal-{edge.size}-{members}"
    boto3.client("dynamodb").create_table(TableName=name, **tables.table_definition("journal"))
    boto3.client("s3", config=Config(s3={"addressing_style": "path"})).create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "cn-north-1"},
    )
    log = standing(edge, Journal(DynamoDB(meter.call), name, ORIGIN), Bucket(name, meter.send))
    coming = events(members)
    # From the beginning of a tile on, so that at each size as many become full.
    sequence(islice(coming, 1000 + -(edge.size + 1000) % WIDTH), log=log)
    for length, batches in BATCHES_ON_THE_EMULATOR.items():
        given = [list(islice(coming, length)) for _ in range(batches)]
        meter.clear()
        wall, cpu = time.perf_counter(), time.process_time()
        for batch in given:
            sequence(batch, log=log)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        entries = length * batches
        kinds = sorted(meter.requests.items())
        figures |= {
            f"{where}: {what}": figure
            for where in [f"emulator, {edge.size:,}, {members} members, batch {length}"]
            for what, figure in {
                "entries/s": round(entries / wall),
                "CPU us an entry": round(cpu / entries * 1e6),
                "requests/s": round(meter.requests.total() / wall),
                "requests a batch": ", ".join(f"{kind} {n / batches:.4g}" for kind, n in kinds),
                "write units an entry": round(meter.writes / entries, 3),
                "read units an entry": round(meter.reads / entries, 3),
            }.items()
        }
    return figures
