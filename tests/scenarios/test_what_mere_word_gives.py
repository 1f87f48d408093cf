"""A member who sends no photo, has no device and no partner, and says whatever the programme would like to hear, for one day."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo
from puhui.kernel.clock import CHINA
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud

A_DAY_MG = 20_000


def yesterday(hour: int) -> datetime:
    day = datetime.now(CHINA) - timedelta(days=1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def most_of(behaviour: dict[str, Any]) -> dict[str, Any]:
    """The most that its schema lets a member say."""
    properties = behaviour["quantity_schema"]["properties"]
    return {
        name: each["enum"][-1] if "enum" in each else each["maximum"]
        for name, each in properties.items()
        if name in behaviour["quantity_schema"]["required"]
    }


@pytest.mark.parametrize("programme_id", ["carbon-88", "green-passport-3060", "beijing-maas"])
def test_a_day_of_claims_gives_twenty_points_at_most(programme_id: str, api: httpx.Client):
    liar = Member(api)
    behaviours = api.get(f"/v1/programmes/{programme_id}/behaviours").json()["items"]
    for number, behaviour in enumerate(behaviours):
        if behaviour["id"] == "walking":
            continue
        for quantity in (most_of(behaviour), dict.fromkeys(most_of(behaviour), 1)):
            answer = liar.record(
                behaviour["id"], quantity, at=yesterday(number % 22), programme_id=programme_id
            )
            assert answer.status_code in (201, 400, 409, 422), answer.text
            assert answer.status_code != 201 or answer.json()["credits_mg"] == 0, "a word makes no credits"
    acts = liar.get("/activities", programme_id=programme_id, limit=100)["items"]
    assert acts, "something was believed"
    items = liar.get("/me/balances")["items"]
    assert sum(item["reduced_mg"] + item["pending_mg"] for item in items) <= A_DAY_MG
    assert liar.points() <= 20
    elsewhere = {"at": yesterday(23), "programme_id": "ant-forest"}
    more = liar.record("parcel_box_return", {"boxes": 1}, **elsewhere)
    assert (more.status_code, more.json()["credits_mg"], more.json()["points"]) == (201, 0, 0), more.text
    assert more.json()["reason_code"] == "SELF_DECLARED_LIMIT"
    assert "add a photo" in more.json()["reason_text"]


def test_a_photo_makes_the_same_act_count_in_full(api: httpx.Client):
    member = Member(api)
    member.consent("photos")
    order = {"orders": 1}
    word = member.record("no_tableware", order, at=yesterday(8)).json()
    assert (word["grade"], word["credits_mg"], word["points"], word["computed_mg"]) == (
        "self_declared",
        0,
        20,
        47_500,
    )
    asked = {"programme_id": "carbon-88", "behaviour": "no_tableware", "quantity": order}
    quoted = api.post("/v1/methodologies/no-tableware/quantifications", json=asked).json()
    given = {each["grade"]: (each["gives"], each["credits_mg"], each["points"]) for each in quoted["grades"]}
    assert given == {
        "partner": ("credits", 47_500, 47),
        "photo": ("credits", 47_500, 47),
        "self_declared": ("points", 0, 20),
    }, "as many as were credited"
    picture = demo.photo(int(yesterday(0).timestamp()) + 7)
    shown = member.photo_act("no_tableware", order, picture, at=yesterday(18))
    assert member.ended(shown)["points"] == quoted["points"] == 47
