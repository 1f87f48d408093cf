"""A rush: simulated on DynamoDB's partitions (partitions.py), then played at full size on a local cloud of its own.

.venv/bin/python -m tests.benchmarks.partitions          # the simulation alone, less than 20 seconds
"""

import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.local.cloud import LocalCloud
from infra.local.emulator import free_port
from infra.local.settings import Settings
from tests.benchmarks import partitions
from tests.support.local_cloud import CloudUnderTest
from tests.support.rush import Offer, Plan, Report, Rush

QUEUE = {"shards": 8, "queue_lanes": 8}
PLAN = Plan(
    [
        Offer("carbon-88", 500, 500, {**QUEUE, "partner_id": "demo-partner"}),
        Offer("green-passport-3060", 5, 500, {"shards": 8}),
    ],
    members=200,
    clients=200,
    requests=5_000,
    in_flight=16,  # one process emulates all of AWS: with 200 at once on two cores it does nothing but switch threads
    seconds=1_800,
)


def run() -> dict[str, Any]:
    """Figures by name."""
    return {**partitions.run(), **_figures(played(PLAN))}


def played(plan: Plan) -> Report:
    """The report of a rush on a local cloud that lives as long as it takes."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(free_port(), Path(folder).resolve())
        with LocalCloud(settings, Console(quiet=True)):
            return Rush(CloudUnderTest(settings.url), plan).play()


def _figures(report: Report) -> dict[str, Any]:
    hottest = {
        f"local rush, hottest item of {context}": f"{share:.2%} of {report.writes[context]:,} writes, {item}"
        for context, (item, share) in report.hottest.items()
    }
    return {
        "local rush, what does not add up (nothing: [])": report.findings,
        "local rush, redemptions by how they ended": dict(report.ended),
        "local rush, requests by their last answer": dict(report.answers),
        "local rush, workers killed": dict(report.killed),
        "local rush, requests sent again": report.retries,
        "local rush, seconds to the last answer": report.rush_seconds,
        "local rush, seconds more until all had ended": report.ended_seconds,
        "local rush, the slowest request, seconds": round(report.slowest_seconds, 1),
        **hottest,
    }
