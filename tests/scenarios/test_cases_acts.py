"""The acts that real use has shown to go wrong (tests/cases/acts.json), played through HTTP."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local import demo
from puhui.kernel.clock import CHINA
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud

CASES = {case["id"]: case for case in json.loads(Path("tests/cases/acts.json").read_text())}
METERED: dict[str, Any] = {"consumed_wh": 12_000, "days": 30, "persons": 1}


@pytest.fixture
def me(api: httpx.Client) -> Member:
    return Member(api)


def yesterday(clock_time: str) -> datetime:
    """So much o'clock in China on the day before."""
    hour, minute = map(int, clock_time.split(":"))
    day = datetime.now(CHINA) - timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_a_ride_of_thirty_kilometres_just_now_is_not_over(me: Member):
    case = CASES["F05"]
    given = {"programme_id": case["programme"]}
    refused = me.record(case["behaviour"], case["quantity"], at=datetime.now(UTC), **given)
    assert code(refused) == (422, "OCCURRED_IN_FUTURE")
    assert "ended_at" in refused.json()["detail"]
    ended = datetime.now(UTC)
    too_fast = me.record(
        case["behaviour"],
        case["quantity"],
        at=ended - timedelta(minutes=30),
        ended_at=ended.isoformat(timespec="seconds"),
        **given,
    )
    assert code(too_fast) == (422, "ACT_TOO_FAST")
    assert me.get("/activities")["items"] == []
    told = me.record(
        case["behaviour"],
        case["quantity"],
        at=ended - timedelta(minutes=70),
        ended_at=ended.isoformat(timespec="seconds"),
        **given,
    )
    assert (told.status_code, told.json()["points"]) == (201, 20), (
        told.text
    )  # on mere word; a photo gives the whole ride
    shown = me.get(f"/activities/{told.json()['id']}")
    assert datetime.fromisoformat(shown["ended_at"]) == ended.replace(microsecond=0)


def test_honest_legs_are_all_taken(me: Member):
    case = CASES["F06"]
    for behaviour, quantity, at in case["legs"]:
        answer = me.record(behaviour, quantity, at=yesterday(at), programme_id=case["programme"])
        assert answer.status_code == 201, answer.text


def test_an_impossible_day_of_steps_is_its_own_fault(me: Member):
    me.consent("steps")
    today = datetime.now(CHINA).date()
    walked = [
        {**each, "date": (today - timedelta(days=int(each["date"][2:]))).isoformat()}
        for each in CASES["F09"]["steps"]
    ]
    data = demo.control(me.api, "werun", openid=me.openid, steps=walked)
    answer = me.request("POST", "/steps", json={"programme_id": "carbon-88", "include_earlier": True, **data})
    assert answer.status_code == 200, answer.text
    days = {day["date"]: day for day in answer.json()["days"]}
    good, bad = (days[each["date"]] for each in walked)
    assert good["points"] > 0
    assert (bad["reason_code"], bad["credits_mg"]) == ("STEPS_IMPLAUSIBLE", 0)


def test_one_meters_days_and_one_order_count_once_in_all_programmes(me: Member):
    at = datetime.now(UTC) - timedelta(hours=1)
    first = me.record("household_electricity", METERED, at=at, programme_id="guangdong-tanpuhui")
    assert first.status_code == 201, first.text
    for days, programme_id in (
        (0, "green-passport-3060"),
        (1, "guangdong-tanpuhui"),
        (7, "green-passport-3060"),
    ):
        shifted = me.record(
            "household_electricity", METERED, at=at - timedelta(days=days), programme_id=programme_id
        )
        assert code(shifted) == (409, "PERIOD_CLAIMED"), shifted.text
    crowd = me.record(
        "household_electricity",
        {**METERED, "persons": 3},
        at=at - timedelta(days=30),
        programme_id="guangdong-tanpuhui",
    )
    assert code(crowd) == (422, "PERSONS_NOT_ON_RECORD")


def test_absurd_sizes_are_refused_and_the_bound_named(me: Member):
    for behaviour, quantity in (
        ("online_meeting", {"participants": 10, "avoided_distance_m": 300_000, "minutes": 1}),
        ("electronics_recycling", {"items": 5, "kind": "refrigerator"}),
    ):
        refused = me.record(behaviour, quantity, programme_id="green-passport-3060")
        assert code(refused) == (422, "QUANTITY_IMPLAUSIBLE"), refused.text


def test_nothing_counts_of_the_time_before_the_first_day_but_weruns_own_history(api: httpx.Client):
    new = Member(api, demo.control(api, "users", nickname="新人")["openid"])
    new.consent("steps")
    refused = new.record("cycling", {"distance_m": 1_000}, hours_ago=25)
    assert code(refused) == (422, "BEFORE_FIRST_DAY")
    today = datetime.now(CHINA).date()
    walked = [{"date": (today - timedelta(days=n)).isoformat(), "step": 3_000} for n in (20, 1)]
    data = demo.control(api, "werun", openid=new.openid, steps=walked)
    answer = new.request(
        "POST", "/steps", json={"programme_id": "carbon-88", "include_earlier": True, **data}
    )
    assert answer.json()["points"] == 20, answer.text
