"""Requests and write units of what is done with rewards, counted from what is sent; and what the functions load."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from puhui.ledger.api import Ledger
from puhui.merchants.repositories import Merchants
from puhui.programmes.api import CouponRule
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.catalogue.repository import REWARD
from puhui.rewards.coupons import usecases as coupons
from puhui.rewards.coupons.model import CODE_LENGTH, coupons_of
from puhui.rewards.coupons.repository import COUPON
from puhui.rewards.errors import OutOfStock
from puhui.rewards.redemptions import queue
from puhui.rewards.redemptions.decision import Redeem
from puhui.rewards.redemptions.model import Redemption, redemption_of
from puhui.rewards.redemptions.reading import Hint
from puhui.rewards.redemptions.repository import REDEMPTION
from puhui.rewards.redemptions.usecases import redeem
from puhui.rewards.repositories import Rewards
from puhui.rewards.stock.model import home_shard
from puhui.store.client import DynamoDB
from puhui.store.values import Item, decode_item, encode_item
from tests.contracts.conftest import VARIABLES
from tests.support.tables import ROOT, table_definition

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
LAYER = ROOT / "layers/puhui/python"
TITLE = {"zh-CN": "可乐" * 40, "en": "c" * 80}  # as long as a title may be
MEMBER, CLERK, MERCHANT = "01KAGZ3V9Q8M4T2X7C5R6N1P0D", "C" * 26, "M" * 26
COLA = Reward("cola", "carbon-88", "good", TITLE, 500, 1_000, 5, 4, 1)
TEA = replace(COLA, kind="coupon", merchant_id=MERCHANT, budget_id="green", fen=1_500)
CINEMA = replace(COLA, partner_id="cinema", partner_item="T-1")
INDEXES = {name: table_definition(name)["GlobalSecondaryIndexes"] for name in ("rewards", "ledger")}
CODE = "0" * CODE_LENGTH
CAN_SELL, SOLD_OUT = 9, 0


class Table:
    """Answers reads from items that stand, and keeps every request."""

    def __init__(self, reward: Reward, left: int = CAN_SELL, more: tuple[Item, ...] = ()) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.items: list[Item] = [
            REWARD.item(reward),
            {
                "owner": f"stock:{reward.id}:{home_shard(MEMBER, reward.shards)}",
                "entry": "stock",
                "stock_left": left,
            },
            {
                "account": f"member:{MEMBER}",
                "entry": "B#carbon-88",
                "points": 9_000,
                "lot_2028-11": 9_000,
                "v": 1,
            },
            {
                "owner": f"merchant:{MERCHANT}",
                "entry": "merchant",
                "standing": {
                    "id": MERCHANT,
                    "programme_id": "carbon-88",
                    "name": TITLE,
                    "kind": "business",
                    "status": "certified",
                    "regions": ["CN"],
                },
            },
            {
                "owner": f"merchant:{MERCHANT}",
                "entry": f"S#{CLERK}",
                "role": "clerk",
                "branch_id": "",
                "since": "2026-11-20T12:00:00+08:00",
            },
            {
                "owner": f"merchant:{MERCHANT}",
                "entry": "B#tianhe",
                "name": TITLE,
                "address": "1",
                "region": "CN-GD",
                "open": True,
            },
            *more,
        ]
        dynamodb = DynamoDB(self.call)
        self.rewards, self.ledger = Rewards(dynamodb, "rewards", "merchants"), Ledger(dynamodb, "ledger")
        self.merchants = Merchants(dynamodb, "merchants")

    def standing(self, key: Mapping[str, Any]) -> Item | None:
        """What stands at a key, in its wire form."""
        wanted = decode_item({name: key[name] for name in ("owner", "account", "entry") if name in key})
        return next((item for item in self.items if wanted.items() <= item.items()), None)

    def call(self, _service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append((operation, request))
        if operation == "BatchGetItem":
            found = {
                table: [encode_item(item) for key in wanted["Keys"] if (item := self.standing(key))]
                for table, wanted in request["RequestItems"].items()
            }
            return {"Responses": found}
        if operation == "GetItem":
            item = self.standing(request["Key"])
            return {"Item": encode_item(item)} if item else {}
        if operation == "Query":
            return {"Items": [encode_item(item) for item in self.items if item.get("code") == CODE]}
        return {"Attributes": encode_item({"issued": 7, "serving": 7})} if operation == "UpdateItem" else {}

    def done(self, act: Callable[[], object]) -> "Cost":
        """What an act costs a process that has met the reward before."""
        self.rewards.reader.hints[self.items[0]["reward_id"]] = _hint(self.items[0])
        self.requests.clear()
        act()
        return Cost(self)

    def redeem(self, quantity: int = 1) -> Redemption:
        command = Redeem(MEMBER, self.items[0]["reward_id"], quantity, "key", "0" * 64)
        return redeem(command, rewards=self.rewards, ledger=self.ledger, now=NOW)


def _hint(item: Item) -> Hint:
    return Hint(item["programme"], item["shards"], item.get("merchant_id", ""))


class Cost:
    """The operations that were sent, and the write units of the items and of the indexes that list them."""

    def __init__(self, table: Table) -> None:
        self.operations = [operation for operation, _ in table.requests]
        actions = [each for _, request in table.requests for each in request.get("TransactItems", ())]
        self.entries = [_key(action)["entry"]["S"][:2] for action in actions]
        self.items = sum(operation == "UpdateItem" for operation in self.operations)  # one below 1 KB each
        self.indexes = 0
        for action in actions:
            ((kind, body),) = action.items()
            before, after = table.standing(_key(action)), decode_item(body.get("Item", {}))
            self.items += 2 * max(_kilobytes(before or {}), _kilobytes(after), 1)
            if kind in ("Put", "Delete"):
                self.indexes += sum(
                    _listed(index, before or {}, after) for index in INDEXES[body["TableName"]]
                )


def _key(action: dict[str, Any]) -> dict[str, Any]:
    ((_, body),) = action.items()
    key: dict[str, Any] = body.get("Item") or body["Key"]
    return key


def _kilobytes(item: Item) -> int:
    return -(-sum(len(name.encode()) + _size(value) for name, value in item.items()) // 1024)


def _size(value: Any) -> int:
    """As DynamoDB counts it: texts in UTF-8, two digits of a number in a byte, three bytes for a list or a map."""
    match value:
        case str():
            return len(value.encode())
        case bool() | None:
            return 1
        case int():
            return len(str(value)) // 2 + 2
        case bytes():
            return len(value)
        case dict():
            return 3 + sum(len(name.encode()) + _size(each) + 1 for name, each in value.items())
    return 3 + sum(_size(each) + 1 for each in value)


def _listed(index: dict[str, Any], before: Item, after: Item) -> int:
    """The units that an index takes: one to list an item, to take it out, or to change what it shows of it."""
    keys = [part["AttributeName"] for part in index["KeySchema"]]
    old, new = ({name: item[name] for name in keys if name in item} for item in (before, after))
    was, stays = len(old) == len(keys), len(new) == len(keys)
    if was and stays and old == new:
        shown = index["Projection"].get("NonKeyAttributes", [])
        return int(any(before.get(name) != after.get(name) for name in shown))
    return was + stays


TRANSACTION = ["BatchGetItem", "TransactWriteItems"]


@pytest.mark.parametrize(("limit", "items", "units"), [(5, 5, 10), (None, 4, 8)])
def test_a_redemption_is_one_read_and_one_transaction_of_11_write_units(
    limit: int | None, items: int, units: int
):
    table = Table(replace(COLA, per_member_limit=limit))
    cost = table.done(table.redeem)
    assert cost.operations == TRANSACTION
    assert (len(cost.entries), cost.items, cost.indexes) == (items, units, 1)


def test_the_order_of_the_transaction_tells_a_repetition_before_limit_stock_and_points():
    table = Table(replace(TEA, per_day_limit=2))
    cost = table.done(table.redeem)
    assert cost.entries == ["X#", "L#", "L#", "st", "T#", "B#", "K#"]


@pytest.mark.parametrize(("quantity", "items", "indexes"), [(1, 12, 3), (2, 14, 5), (20, 52, 41)])
def test_a_coupon_is_two_units_more_and_two_for_the_indexes_that_find_it(
    quantity: int, items: int, indexes: int
):
    table = Table(replace(TEA, per_member_limit=99), left=99)
    table.items[2] |= {"points": 90_000, "lot_2028-11": 90_000}
    cost = table.done(lambda: table.redeem(quantity))
    assert cost.operations == TRANSACTION  # the merchant's standing is read along
    assert (cost.items, cost.indexes) == (items, indexes)


def test_with_a_partner_the_points_are_held_and_somebody_looks_after_it():
    table = Table(CINEMA)
    cost = table.done(table.redeem)
    assert cost.operations == TRANSACTION
    assert cost.entries == ["X#", "L#", "st", "or", "H#", "T#", "B#"]
    assert (cost.items, cost.indexes) == (14, 2)


def test_a_ticket_is_its_place_its_number_and_itself():
    table = Table(replace(TEA, queue_shards=4))
    cost = table.done(table.redeem)
    assert cost.operations == ["BatchGetItem", "UpdateItem", "UpdateItem", "TransactWriteItems"]
    assert (cost.entries, cost.items, cost.indexes) == (["X#"], 4, 1)


@pytest.mark.parametrize(("reward", "items", "indexes"), [(COLA, 13, 1), (TEA, 15, 3)])
def test_serving_a_ticket_is_a_redemption_its_place_and_its_lane(reward: Reward, items: int, indexes: int):
    offered = replace(reward, queue_shards=4)
    ticket = replace(
        redemption_of(offered, MEMBER, "X" * 26, 1, "0" * 64, b"", NOW), number=7, queue_shards=4
    )
    table = Table(offered, more=(REDEMPTION.item(ticket),))
    cost = table.done(
        lambda: queue.serve(MEMBER, ticket.id, rewards=table.rewards, ledger=table.ledger, now=NOW)
    )
    assert cost.operations == ["GetItem", *TRANSACTION, "UpdateItem"]
    assert (cost.items, cost.indexes) == (items, indexes)


def test_a_verification_is_two_items_and_two_indexes():
    made = redemption_of(TEA, MEMBER, "X" * 26, 1, "0" * 64, b"", NOW)
    (coupon,) = coupons_of(made, TEA, CouponRule(), [CODE], NOW)
    table = Table(TEA, more=(COUPON.item(coupon),))
    cost = table.done(
        lambda: coupons.verify(
            CLERK,
            CODE,
            "tianhe",
            None,
            key="key",
            body_hash="0" * 64,
            rewards=table.rewards,
            merchants=table.merchants,
            now=NOW,
        )
    )
    # The request, the code, the coupon; the place on the staff, the merchant, the branch.
    assert cost.operations == ["GetItem", "Query", "GetItem", *["GetItem"] * 3, "TransactWriteItems"]
    assert (cost.entries, cost.items, cost.indexes) == (["V#", "K#"], 4, 2)  # dues gains it, ends loses it


def test_handing_on_takes_and_gives_a_coupon_and_says_so_where_it_was_redeemed():
    made = redemption_of(TEA, MEMBER, "X" * 26, 1, "0" * 64, b"", NOW)
    (coupon,) = coupons_of(made, TEA, CouponRule(transfer=True), [CODE], NOW)
    table = Table(TEA, more=(COUPON.item(coupon),))
    cost = table.done(
        lambda: coupons.hand_on(
            MEMBER, coupon.id, CLERK, key="key", body_hash="0" * 64, rewards=table.rewards, now=NOW
        )
    )
    assert cost.operations == ["GetItem", "GetItem", "TransactWriteItems"]
    assert (cost.entries, cost.items, cost.indexes) == (["V#", "K#", "K#", "G#"], 8, 4)


@pytest.mark.parametrize(("shards", "reads"), [(1, 1), (40, 3)])
def test_a_redemption_of_what_is_sold_out_writes_nothing(shards: int, reads: int):
    table = Table(replace(COLA, shards=shards), left=SOLD_OUT)

    def ask() -> None:
        with pytest.raises(OutOfStock):
            table.redeem()

    cost = table.done(ask)
    # And the redemption itself once more: a twin of the request may have taken the last piece.
    assert cost.operations == ["BatchGetItem"] * reads + ["GetItem"]


def test_a_repetition_reads_once_and_writes_nothing():
    table = Table(TEA)
    made = table.redeem()
    table.items.append(REDEMPTION.item(made))
    assert table.done(table.redeem).operations == ["BatchGetItem"]


@pytest.mark.parametrize("function", ["redeem", "serve_queue", "verify_coupon"])
def test_what_a_crowd_calls_loads_no_sdk_no_pynamodb_and_no_http_client(function: str):
    code = (
        f"import runpy, sys; runpy.run_path('functions/rewards/{function}/app.py');"
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " & {'pynamodb', 'botocore', 'boto3', 'requests', 'urllib3', 'jsonschema', 'fastjsonschema'}))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=ROOT,
        env={**VARIABLES, "PYTHONPATH": str(LAYER), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert answer.stdout.strip() == "[]", answer.stderr
