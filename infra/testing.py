"""python -m infra.testing: every test; those that share nothing, and beside them those that share one local cloud.

The tests of the local cloud mostly wait, the others mostly work: together they keep two cores busy. Those marked ``alone`` come
when nobody else uses the local cloud any more. Each phase ends with its 50 slowest tests. The last line counts; the exit status
is 1 when a test failed or none ran.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from infra.local.cloud import LocalCloud
from infra.local.emulator import free_port
from infra.local.settings import Settings

ROOT = Path(__file__).parents[1]
CLOUD_FOLDERS = ("integration", "scenarios", "security")
CLOUD_WORKERS = os.environ.get("CLOUD_WORKERS", "4")
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|error)s?")


class Phase(NamedTuple):
    """``title`` begins each line of its output. ``arguments`` are pytest's."""

    title: str
    arguments: tuple[str, ...]


_FOLDERS = tuple(f"tests/{name}" for name in CLOUD_FOLDERS)  # to collect all of tests/ takes a worker 18 s
SHARE_NOTHING = Phase("no cloud ", ("-n", "auto", "--dist", "loadgroup", "-m", "not local_cloud", "tests"))
ON_THE_CLOUD = (
    Phase(
        "cloud    ",
        ("-n", CLOUD_WORKERS, "--dist", "loadgroup", "-m", "local_cloud and not alone", *_FOLDERS),
    ),
    Phase("alone    ", ("-n", "0", "-m", "local_cloud and alone", *_FOLDERS)),
)


def run(phase: Phase, url: str = "") -> Counter[str]:
    """Run a phase, on the local cloud at ``url``; how many tests passed, failed and were skipped."""
    command = [sys.executable, "-m", "pytest", "-q", "--durations=50", *phase.arguments]
    environment = os.environ | ({"PUHUI_TEST_URL": url} if url else {})
    counts: Counter[str] = Counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as tests:
        for line in tests.stdout or ():
            print(f"{phase.title}| {line}", end="", flush=True)
            if " in " in line and (found := _COUNT.findall(line)):
                counts = Counter({what: int(number) for number, what in found})
    counts["failed"] += counts.pop("error", 0)
    if tests.returncode and not counts["failed"]:
        counts["failed"] = 1
    return counts


def on_the_cloud() -> Counter[str]:
    """Start a local cloud of its own and run on it what needs one."""
    # Nearly each function is asked again and again, and each start costs a second: 3 GB for a few minutes.
    os.environ.setdefault("PUHUI_IDLE_WORKERS", "100")
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as state:
        settings = Settings(free_port(), Path(state))
        with LocalCloud(settings, Console(), print_failures=False):
            for phase in ON_THE_CLOUD:
                counts += run(phase, settings.url)
    return counts


def main() -> int:
    """Run all phases; the exit status."""
    with ThreadPoolExecutor() as pool:
        cloud = pool.submit(on_the_cloud)
        counts = run(SHARE_NOTHING)
        try:
            counts += cloud.result()
        except Exception as error:  # noqa: BLE001 whatever kept it from starting: its tests did not run
            print(f"{type(error).__name__}: {error}")
            counts["failed"] += 1
    print(", ".join(f"{counts[what]} {what}" for what in ("passed", "failed", "skipped")))
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
