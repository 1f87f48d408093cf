"""A credited act and a transfer against bare botocore making the same calls, and cold start against botocore's.

Warm: CPU time of this process, medians of interleaved runs, against an emulator in another process. Cold: what the build
ships, compiled as botocore is; instructions by callgrind where valgrind is there, otherwise medians of wall time of fresh
processes.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from puhui.activities.tables import Activities, Tables
from puhui.kernel import ids
from puhui.ledger.dynamo import Ledger
from puhui.members.capture_api import Consents
from puhui.store import aws
from puhui.store.client import DynamoDB
from tests.contracts.activities.conftest import NOW, Acts
from tests.contracts.conftest import VARIABLES
from tests.support import tables

ROOT = Path(__file__).parents[2]
ROUNDS = 150
COLD_ROUNDS = 5
COLD_BASE = "import botocore.session; botocore.session.get_session().create_client('dynamodb')"


def run() -> dict[str, Any]:
    """Figures by name."""
    return {**_warm(), **_cold()}


def _warm() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch, tables_server(patch):
        sent: list[tuple[str, dict[str, Any]]] = []

        def recorded(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
            sent.append((operation, payload))
            return aws.call(service, operation, payload)

        activities, ledger = _table("activities"), _table("ledger")
        dynamodb = DynamoDB(recorded)
        consents = Consents(_table("members"))
        tables = Tables(Activities(dynamodb, activities), Ledger(dynamodb, ledger), consents)
        bare = boto3.client("dynamodb")
        methods = {"BatchGetItem": bare.batch_get_item, "TransactWriteItems": bare.transact_write_items}
        ours, theirs = [], []
        for number in range(ROUNDS):
            acts = Acts(tables, None, ids.new_id(NOW))  # type: ignore[arg-type]
            dynamodb.put_all(consents.table, [{**consents.key(acts.member_id).key, "consents": {}}])
            sent.clear()
            at = NOW - timedelta(minutes=number % 600)
            ours.append(
                _cpu(lambda acts=acts, at=at, number=number: acts.record("cycling", at=at, key=str(number)))
            )
            calls = [(methods[operation], _renamed(payload, acts.member_id)) for operation, payload in sent]
            theirs.append(_cpu(lambda calls=calls: [call(**payload) for call, payload in calls]))
    warm, base = statistics.median(ours[10:]), statistics.median(theirs[10:])
    return {
        "credited act, CPU us (median)": round(warm * 1e6),
        "the same two calls by bare botocore, CPU us (median)": round(base * 1e6),
        "credited act / bare botocore (budget 1.25)": round(warm / base, 2),
    }


def _renamed(payload: dict[str, Any], member_id: str) -> dict[str, Any]:
    """The same calls for another member, so that their conditions hold again."""
    import json  # noqa: PLC0415 used here only

    other = member_id[:-1] + ("0" if member_id[-1] != "0" else "1")
    changed: dict[str, Any] = json.loads(json.dumps(payload).replace(member_id, other))
    changed.pop("ClientRequestToken", None)
    return changed


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _table(context: str) -> str:
    name = f"{context}-bench"
    boto3.client("dynamodb").create_table(TableName=name, **tables.table_definition(context))
    return name


def tables_server(patch: pytest.MonkeyPatch) -> Any:
    """The emulator for a benchmark's time."""
    import contextlib  # noqa: PLC0415 used here only

    @contextlib.contextmanager
    def serve() -> Any:
        port = tables.free_port()
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {
                "GATEWAY_PORT": str(port),
                "BIND_HOST": "127.0.0.1",
                "PERSIST_STATE": "0",
                "STATE_DIR": folder,
                "LOG_LEVEL": "ERROR",
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
            }
            server = subprocess.Popen(
                [str(Path(sys.executable).parent / "ministack")], env=environment, cwd=folder
            )
            try:
                tables._wait(f"http://127.0.0.1:{port}/_ministack/health")
                for name, value in {
                    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                    "AWS_REGION": "cn-north-1",
                    "AWS_DEFAULT_REGION": "cn-north-1",
                    "AWS_ACCESS_KEY_ID": "test",
                    "AWS_SECRET_ACCESS_KEY": "test",
                }.items():
                    patch.setenv(name, value)
                yield
            finally:
                server.terminate()
                server.wait(10)

    return serve()


def _cold() -> dict[str, Any]:
    measure, unit = (_instructions, "M instructions") if shutil.which("valgrind") else (_seconds, "ms")
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **VARIABLES, "PYTHONPATH": _built(Path(folder)), "PYTHONHASHSEED": "0"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for name, code in (("ours", "import app"), ("bare", COLD_BASE), ("none", "pass")):
            # The first run compiles what the environment's installer left uncompiled.
            subprocess.run([sys.executable, "-c", code], env=environment, check=True)
            figures[name] = measure(code, environment)
    ours, bare = figures["ours"] - figures["none"], figures["bare"] - figures["none"]
    return {
        f"cold start of record-activity, {unit}": round(ours),
        f"botocore and its DynamoDB client, {unit}": round(bare),
        "cold start / botocore (budget 1.15)": round(ours / bare, 2),
    }


def _built(folder: Path) -> str:
    """The path for imports as Lambda has it: the function's zip and the layer, built for this interpreter."""
    environment = os.environ | {"PUHUI_BUILD_FOR": "host", "PUHUI_FUNCTIONS": str(folder / "zips")}
    package = [sys.executable, str(ROOT / "infra/build/package.py"), "puhui", str(folder)]
    subprocess.run(package, env=environment, check=True)
    with zipfile.ZipFile(folder / "zips/record_activity.zip") as archive:
        archive.extractall(folder / "function")
    return os.pathsep.join([str(folder / "function"), str(folder / "python")])


def _instructions(code: str, environment: dict[str, str]) -> float:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found
    return int(found[1]) / 1e6


def _seconds(code: str, environment: dict[str, str]) -> float:
    times = []
    for _ in range(COLD_ROUNDS):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000
