"""A partner's file: our own code without any table or network, its write units an act and how both grow; then 10,000 rows through HTTP on a
local cloud of its own, while the workers that take them are killed.

.venv/bin/python -m tests.benchmarks.bench_partner_file alone       # without the local cloud, a minute
"""

import hashlib
import json
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.local.cloud import LocalCloud
from infra.local.emulator import free_port
from infra.local.settings import Settings
from puhui.ingestion.files import lines, usecases
from puhui.ingestion.files.model import JSON_LINES, PROCESSING, Chunk, PartnerFile
from puhui.ingestion.files.results import Outcome
from tests.support.deliveries import Delivery, Plan
from tests.support.local_cloud import CloudUnderTest

SIZES = (1_000, 10_000, 100_000)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
PLAN = Plan(rows=10_000, kills_a_second=0.2, seconds=3_000)


class Shelf:
    """A bucket in memory that holds one upload and its parts."""

    def __init__(self, content: bytes) -> None:
        self.content, self.parts = content, dict[str, bytes]()

    def holds(self, key: str) -> bool:
        return key in self.parts

    @contextmanager
    def chunk(self, _file: PartnerFile, chunk: Chunk) -> Iterator[Iterator[bytes]]:
        yield iter([self.content[chunk.start : chunk.end]])

    def put_part(self, file: PartnerFile, number: int, content: bytes) -> bool:
        self.parts[file.part_key(number)] = content
        return True

    def part(self, file: PartnerFile, number: int) -> bytes | None:
        return self.parts.get(file.part_key(number))


class Known:
    def __init__(self, file: PartnerFile) -> None:
        self.file = file

    def find(self, _file_id: str) -> PartnerFile:
        return self.file


def credited(_partner: str, items: Sequence[Mapping[str, Any]], _places: Sequence[str]) -> list[Outcome]:
    """As if each were: what acts cost is bench_act's."""
    return [Outcome(0, item["item_no"], "credited", "", "R65VYSA9CMV35CTXFG9MCV3TTV") for item in items]


def run() -> dict[str, Any]:
    """Figures by name."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(free_port(), Path(folder).resolve())
        with LocalCloud(settings, Console(quiet=True)):
            report = Delivery(CloudUnderTest(settings.url), PLAN).play()
    return {
        **_alone(),
        "local cloud, 10,000 rows: what does not add up (nothing: [])": report.findings,
        "local cloud, 10,000 rows: totals": {n: v for n, v in report.totals.items() if n != "behaviours"},
        "local cloud, 10,000 rows: workers killed": dict(report.killed),
        "local cloud, 10,000 rows: seconds": report.seconds,
    }


def _alone() -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for rows in SIZES:
        content = b"".join(_row(n) for n in range(rows))
        digest = hashlib.sha256(content).hexdigest()
        started = time.process_time()
        found = lines.cut(_blocks(content), JSON_LINES, sha256=digest, size=len(content), rows=rows)
        cutting = time.process_time() - started
        file = PartnerFile(
            "F",
            "metro",
            "f",
            JSON_LINES,
            digest,
            len(content),
            rows,
            NOW,
            PROCESSING,
            chunks=len(found.chunks),
        )
        shelf, known = Shelf(content), Known(file)
        started = time.process_time()
        for chunk in found.chunks:
            usecases.take_chunk("F", chunk, files=known, bucket=shelf, take=credited)  # type: ignore[arg-type]
        taking = time.process_time() - started
        tracemalloc.start()
        usecases.take_chunk("F", found.chunks[-1], files=known, bucket=Shelf(content), take=credited)  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        figures |= {
            f"{rows:,} rows: chunks": len(found.chunks),
            f"{rows:,} rows: cut, rows a CPU second": round(rows / cutting),
            f"{rows:,} rows: read, counted and answered, rows a CPU second": round(rows / taking),
            f"{rows:,} rows: most memory of a chunk, KB": round(peak / 1024),
        }
    return figures


def _row(n: int) -> bytes:
    row = {
        "item_no": f"trip-{n}",
        "member_ref": "7HATJSXSV1KK3QBJK5V7MRMWW0",
        "programme_id": "guangdong-tanpuhui",
        "behaviour": "subway_trip",
        "quantity": {"trips": 1},
        "occurred_at": "2026-11-30T08:00:00+08:00",
        "ended_at": "2026-11-30T08:30:00+08:00",
    }
    return json.dumps(row).encode() + b"\n"


def _blocks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), lines.BLOCK_BYTES):
        yield content[start : start + lines.BLOCK_BYTES]


if __name__ == "__main__":
    print(json.dumps(_alone() if sys.argv[1:] == ["alone"] else run(), indent=1))
