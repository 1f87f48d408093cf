"""Many rows of many members, taken for good by chunks that die at random after any record: each row ends once, and the books agree.
With 10,000 rows: PUHUI_ROWS=10000 .venv/bin/pytest tests/contracts/ingestion/files/test_many_rows.py"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from puhui.ingestion import records
from puhui.ingestion.model import Result, records_of
from puhui.kernel import clock, ids
from puhui.partners.data_partners.bindings import Account
from puhui.partners.data_partners.repository import ACCOUNT
from tests.contracts.ingestion.conftest import NOW, SENT, Side
from tests.contracts.ingestion.files.conftest import Desk

ROWS = int(os.environ.get("PUHUI_ROWS", "600"))
TRIP_MG = 515_500


class Killed(Exception):
    """A worker's end."""


def test_whatever_dies_each_row_ends_once(
    side: Side, desk: Desk, monkeypatch: pytest.MonkeyPatch, record_property: Any
):
    chance, partners = random.Random(7), side.tables.partners
    members = {f"ref-{n}": ids.new_id(NOW - timedelta(days=60)) for n in range(-(-ROWS // 4))}
    accounts = [ACCOUNT.item(Account(ref, "metro", each, NOW, version=1)) for ref, each in members.items()]
    for first in range(0, len(accounts), 25):
        partners.dynamodb.put_all(partners.table, accounts[first : first + 25])
    content = b"".join(json.dumps(row(n)).encode() + b"\n" for n in range(ROWS))
    left: list[int] = [0]

    def take_one(*given: Any, **more: Any) -> Result:
        result = one(*given, **more)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return result

    def take(_partner: str, items: Sequence[Mapping[str, Any]], places: Sequence[str]) -> list[Result]:
        wanted = records_of(items)
        return records.take(side.partner, wanted, source="file", places=places, tables=side.tables, now=SENT)

    one = records.take_one
    monkeypatch.setattr(records, "take_one", take_one)
    monkeypatch.setattr(desk.book, "take", take)
    file = desk.prepare(content)
    desk.upload(file, content)
    desk.look(file)
    waiting, kills, started = desk.cut(file), 0, time.monotonic()
    while waiting:
        chunk = waiting.pop(0)
        left[0] = chance.choice([0, *(chance.randrange(1, 101) for _ in range(2))])
        try:
            desk.take(file, chunk)
        except Killed:
            kills += 1
            waiting.append(chunk)
    took = time.monotonic() - started
    done = desk.close(file)
    told = [json.loads(line) for line in desk.result(file).splitlines()]
    assert [each["row"] for each in told] == list(range(1, ROWS + 1))
    ends = Counter(each["status"] for each in told)
    assert done.totals
    assert done.totals.add_up
    assert kills
    repeated = sum(1 for n in range(ROWS) if n % 50 == 49)
    assert ends == {"credited": ROWS - repeated, "duplicate": repeated}
    sums = [side.balance(each).amounts.get("reduced_mg", 0) for each in members.values()]
    assert sum(sums) == ends["credited"] * TRIP_MG
    assert side.sound()
    told_in = f"{ROWS} rows, {kills} deaths, {took:.1f} s, {ROWS / took:.0f} rows a second with their deaths"
    record_property("figures", told_in)


def row(n: int) -> dict[str, Any]:
    """Four trips a member; of every fifty one is another row again."""
    n = n - 1 if n % 50 == 49 else n
    at = NOW - timedelta(hours=2 * (n % 4) + 1)
    return {
        "item_no": f"r{n}",
        "member_ref": f"ref-{n // 4}",
        "programme_id": "guangdong-tanpuhui",
        "behaviour": "subway_trip",
        "quantity": {"trips": 1},
        "occurred_at": clock.to_text(at),
        "ended_at": clock.to_text(at + timedelta(minutes=30)),
    }
