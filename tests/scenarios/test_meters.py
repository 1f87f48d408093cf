"""Readings of meters through HTTP: who would like two homes for one meter, or two meters for one home."""

import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud


def read(
    member: Member, days_ago: int, reading: int, number: str, used: int = 1_000, **more: str
) -> httpx.Response:
    """The electricity of one day, and what the meter showed at its end."""
    return member.record(
        "household_electricity",
        {"consumed_wh": used, "days": 1, "persons": 1},
        at=datetime.now(UTC) - timedelta(days=days_ago, minutes=5),
        programme_id=more.get("programme", "green-passport-3060"),
        meter={"number": number, "reading": reading},
    )


def code(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.json().get('code', '')}".strip()


def test_one_meter_one_home_one_reading(api: httpx.Client):
    me, neighbour = Member(api), Member(api)
    number = f"SZ-{time.time_ns() % 10**12}"
    first = read(me, 3, 50_000, number)
    assert first.status_code in (201, 202), first.text
    for who, days_ago, reading, meter, used, expected in (
        (me, 2, 49_000, number, 1_000, "422 READING_LOWER"),
        (me, 2, 55_000, number, 1_000, "422 READING_DIFFERS"),
        (me, 2, 1_000, f"{number}-2", 1_000, "409 SECOND_METER"),
        (neighbour, 2, 51_000, number, 1_000, "409 METER_ELSEWHERE"),
        (me, 3, 50_000, number, 1_000, "409 PERIOD_CLAIMED"),
    ):
        assert code(read(who, days_ago, reading, meter, used)) == expected
    elsewhere = read(neighbour, 2, 51_000, number, programme="guangdong-tanpuhui")
    assert code(elsewhere) == "409 METER_ELSEWHERE"
    assert read(me, 2, 51_000, number).status_code in (201, 202)
    order = me.record("no_tableware", {"orders": 1}, meter={"number": number, "reading": 5})
    assert code(order) == "422 METER_NOT_WANTED"
