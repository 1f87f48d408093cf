"""Requests and write units of a redemption, counted from what is sent; and what its function loads."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from puhui.ledger.api import Ledger
from puhui.rewards import usecases
from puhui.rewards.dynamo import Rewards
from puhui.rewards.items import reward_item
from puhui.rewards.model import Reward
from puhui.rewards.stock import home_shard
from puhui.store.client import DynamoDB
from puhui.store.values import encode_item

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
LAYER = Path(usecases.__file__).parents[2]
TITLE = {"zh-CN": "可乐" * 40, "en": "c" * 80}  # as long as a title may be
MEMBER = "01KAGZ3V9Q8M4T2X7C5R6N1P0D"


class Table:
    """Answers reads from a dict of items and keeps every request."""

    def __init__(self, reward: Reward) -> None:
        home = home_shard(MEMBER, reward.shards)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.items = [
            reward_item(reward),
            {"owner": f"stock:{reward.id}:{home}", "entry": "stock", "stock_left": 9},
            {
                "account": f"member:{MEMBER}",
                "entry": "B#carbon-88",
                "points": 9_000,
                "lot_2028-11": 9_000,
                "v": 1,
            },
        ]

    def call(self, _service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append((operation, request))
        if operation != "BatchGetItem":
            return {}
        wire = [encode_item(item) for item in self.items]
        return {
            "Responses": {
                table: [item for item in wire if any(key.items() <= item.items() for key in wanted["Keys"])]
                for table, wanted in request["RequestItems"].items()
            }
        }


def sent(limit: int | None) -> tuple[list[str], list[dict[str, Any]]]:
    """Operations and transaction of a redemption by a process that has seen the reward before."""
    table = Table(Reward("cola", "carbon-88", "good", TITLE, 500, 1_000, limit, 4, 1))
    dynamodb = DynamoDB(table.call)
    rewards, ledger = Rewards(dynamodb, "rewards"), Ledger(dynamodb, "ledger")
    for key in ("first", "second"):
        table.requests.clear()
        usecases.redeem(
            usecases.Redeem(MEMBER, "cola", 2, key, "0" * 64), rewards=rewards, ledger=ledger, now=NOW
        )
    return [operation for operation, _ in table.requests], table.requests[-1][1]["TransactItems"]


def write_units(actions: list[dict[str, Any]]) -> int:
    """Two for each started KB of an item in a transaction, one for an index that lists it."""
    units = 0
    for action in actions:
        ((kind, body),) = action.items()
        size = len(json.dumps(body["Item"], ensure_ascii=False).encode()) if kind == "Put" else 0
        units += 2 * max(1, -(-size // 1024))
        units += "transfer_id" in body.get("Item", {})  # redemptions_by_time
    return units


@pytest.mark.parametrize(("limit", "items", "units"), [(5, 5, 11), (None, 4, 9)])
def test_a_redemption_is_one_read_and_one_transaction_of_11_write_units(
    limit: int | None, items: int, units: int
):
    operations, actions = sent(limit)
    assert operations == ["BatchGetItem", "TransactWriteItems"]
    assert (len(actions), write_units(actions)) == (items, units)


def test_the_order_of_the_transaction_tells_a_repetition_before_limit_stock_and_points():
    _, actions = sent(5)
    keys = [body.get("Item") or body["Key"] for action in actions for body in action.values()]
    assert [key["entry"]["S"][:2] for key in keys] == ["X#", "L#", "st", "T#", "B#"]


def test_redeeming_loads_no_pynamodb_and_no_sdk():
    code = (
        "import sys, puhui.ledger.api, puhui.rewards.usecases, puhui.rewards.dynamo;"
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " & {'pynamodb', 'botocore', 'boto3', 'requests', 'jsonschema'}))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env={"PYTHONPATH": str(LAYER)},
        capture_output=True,
        text=True,
    )
    assert answer.stdout.strip() == "[]", answer.stderr
