"""The budget of a credited act, counted: one read, one transaction of at most 8 write units, no SDK on its path."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from puhui.activities.tables import Activities, Tables
from puhui.ledger.dynamo import Ledger
from puhui.members.capture_api import Consents
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from tests.contracts.activities.conftest import NOW, Acts
from tests.contracts.conftest import VARIABLES
from tests.support.made_tracks import Trip, made

ROOT = Path(__file__).parents[2]
WRITE_UNIT_BYTES = 1024
WRITE_UNITS_MAX = 8
MEMBER_ID = "01K7Y31GE3B86GS16G906QKJG4"
MODULES_MAX = 150  # 123 when this was written, on Python 3.11
UNWANTED = {
    "boto3",
    "botocore",
    "pynamodb",
    "requests",
    "jsonschema",
    "fastjsonschema",
    "PIL",
    "jwt",
    "cryptography",
}


class Meter:
    """Counts what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.sent.append((operation, payload))
        return aws.call(service, operation, payload)


def size(wire: Any) -> int:
    """Bytes of an item as DynamoDB counts them: names and values in UTF-8, numbers about half a byte a digit."""
    if "M" in wire or not {"S", "N", "L", "BOOL", "B", "NULL"} & wire.keys():
        inner = wire.get("M", wire)
        return sum(len(name.encode()) + size(value) + 1 for name, value in inner.items()) + 3
    ((kind, value),) = wire.items()
    if kind == "L":
        return sum(size(element) + 1 for element in value) + 3
    if kind == "B":
        return 3 * len(value) // 4
    return {"S": lambda: len(value.encode()), "N": lambda: len(value) // 2 + 2}.get(kind, lambda: 1)()


@pytest.mark.usefixtures("members_are_believed")
def test_a_credited_act_is_one_read_and_eight_write_units(make_table: Callable[[str], str]):
    meter = Meter()
    dynamodb = DynamoDB(meter)
    tables = _tables(dynamodb, make_table)
    acts = Acts(tables, None, MEMBER_ID)  # type: ignore[arg-type]
    for hours in range(6):
        meter.sent.clear()
        acts.record("no_tableware" if hours < 3 else "cycling", **_act(hours))
        assert _units(tables, meter) <= WRITE_UNITS_MAX


@pytest.mark.usefixtures("members_are_believed")
def test_an_act_near_midnight_is_one_item_more(make_table: Callable[[str], str]):
    """It stands in the next day as well, where it could be told again: an order after 21:00, a ride after 22:50."""
    meter = Meter()
    dynamodb = DynamoDB(meter)
    tables = _tables(dynamodb, make_table)
    acts = Acts(tables, None, MEMBER_ID)  # type: ignore[arg-type]
    meter.sent.clear()
    acts.record("no_tableware", quantity={"orders": 1}, at=NOW.replace(hour=13), now=NOW.replace(hour=15))
    assert _units(tables, meter) == WRITE_UNITS_MAX
    meter.sent.clear()
    late = NOW.replace(hour=14, minute=1)  # 22:01 in China
    acts.record("no_tableware", quantity={"orders": 1}, at=late, now=NOW.replace(hour=15))
    assert _units(tables, meter) == WRITE_UNITS_MAX + 2


def _tables(dynamodb: DynamoDB, make_table: Callable[[str], str]) -> Tables:
    """With the member, whose consents are read along."""
    consents = Consents(make_table("members"))
    item = {
        **consents.key(MEMBER_ID).key,
        "consents": {"whereabouts": {"granted": True}},
        "nickname": "m",
        "roles": [],
    }
    dynamodb.put_all(consents.table, [item])
    activities = Activities(dynamodb, make_table("activities"))
    return Tables(activities, Ledger(dynamodb, make_table("ledger")), consents)


def test_what_a_track_adds_to_an_act(make_table: Callable[[str], str]):
    """A request that writes its prints, a query for each, and in the transaction the claim and an hour's sealed points at most."""
    meter = Meter()
    tables = _tables(DynamoDB(meter), make_table)
    tables.activities.__dict__["sealer"] = Sealer(b"k" * 32, b"p" * 32)
    acts = Acts(tables, None, MEMBER_ID)  # type: ignore[arg-type]
    track = made(Trip(metres=10_000))
    meter.sent.clear()
    acts.record(
        "cycling",
        quantity={"distance_m": 10_000},
        at=NOW.replace(hour=8),
        now=NOW.replace(hour=12),
        track=track,
    )
    wanted = ["BatchGetItem", "BatchWriteItem", *["Query"] * 4, "TransactWriteItems"]
    assert [operation for operation, _ in meter.sent] == wanted
    (prints,) = meter.sent[1][1]["RequestItems"].values()
    assert all(size(each["PutRequest"]["Item"]) <= WRITE_UNIT_BYTES for each in prints)
    actions = meter.sent[-1][1]["TransactItems"]
    sizes = [size(_after(tables, next(iter(action.values())))) for action in actions]
    assert sum(2 * -(-each // WRITE_UNIT_BYTES) for each in sizes) <= WRITE_UNITS_MAX + 2 + 2 * 4


def _units(tables: Tables, meter: Meter) -> int:
    assert [operation for operation, _ in meter.sent] == ["BatchGetItem", "TransactWriteItems"]
    actions = meter.sent[1][1]["TransactItems"]
    sizes = [size(_after(tables, next(iter(action.values())))) for action in actions]
    return sum(2 * -(-each // WRITE_UNIT_BYTES) for each in sizes)


def _act(hours: int) -> dict[str, Any]:
    from datetime import timedelta  # noqa: PLC0415 used here only

    quantity = {"orders": 1} if hours < 3 else {"distance_m": 2000}
    return {
        "quantity": quantity,
        "at": NOW.replace(hour=11) - timedelta(hours=hours),
        "now": NOW.replace(hour=12),
        "key": str(hours),
    }


def _after(tables: Tables, action: dict[str, Any]) -> dict[str, Any]:
    if "Item" in action:
        item: dict[str, Any] = action["Item"]
        return item
    answer = aws.call("dynamodb", "GetItem", {"TableName": action["TableName"], "Key": action["Key"]})
    found: dict[str, Any] = answer["Item"]
    return found


def test_no_sdk_is_imported_on_the_path_of_a_credited_act():
    code = "import app, json, sys; print(json.dumps(sorted(sys.modules)))"
    paths = [ROOT / "layers/puhui/python", ROOT / "functions/activities/record_activity"]
    environment = {**os.environ, **VARIABLES, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)
    assert not UNWANTED & set(loaded)
    bare = subprocess.run(
        [sys.executable, "-c", "import json, sys; print(json.dumps(sorted(sys.modules)))"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(set(loaded) - set(json.loads(bare.stdout))) <= 2 * MODULES_MAX
