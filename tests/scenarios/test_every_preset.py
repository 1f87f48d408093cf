"""Every programme that ships credits each of its behaviours through HTTP, and each number is recomputed off line."""

import json
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest

from infra.local import demo
from puhui.programmes import api as programmes
from puhui.verify.explanations import check_explanation
from tests.scenarios.life import Member

pytestmark = [pytest.mark.local_cloud, pytest.mark.slow]

TYPICAL = {
    "distance_m": 4_000,
    "avoided_distance_m": 20_000,
    "steps": 8_000,
    "consumed_wh": 1_500,
    "previous_wh": 9_000,
    "mass_g": 500,
    "minutes": 60,
    "participants": 3,
    "persons": 1,
    "passengers": 2,
    "saved_l": 100,
}
HOURS_APART = 2
PROGRAMMES = [each.id for each in programmes.all_programmes()]


def quantity_of(behaviour: dict[str, Any]) -> dict[str, Any]:
    """A usual quantity within the programme's bounds."""
    quantity: dict[str, Any] = {}
    for name, schema in behaviour["quantity_schema"]["properties"].items():
        if "enum" in schema:
            quantity[name] = schema["enum"][0]
        elif name in behaviour["quantity_schema"]["required"]:
            quantity[name] = min(schema["maximum"], max(schema["minimum"], TYPICAL.get(name, 1)))
    return quantity


def recorded(
    member: Member, programme_id: str, behaviour: dict[str, Any], grade: str, hours: int
) -> dict[str, Any]:
    """The act, shown so, once it was credited, or matures."""
    at, quantity = datetime.now(UTC) - timedelta(hours=hours), quantity_of(behaviour)
    if grade == "partner":
        return member.credited(behaviour["id"], quantity, programme_id=programme_id, at=at)
    more: dict[str, Any] = {"programme_id": programme_id, "at": at}
    if grade in ("photo", "verified"):
        more["evidence_ids"] = [member.upload(demo.photo(time.time_ns()))]
    answer = member.record(behaviour["id"], quantity, **more)
    assert answer.status_code in (201, 202), f"{behaviour['id']}: {answer.text}"
    return seen_by_a_person(member, answer.json()["id"])


@cache
def verifier_of(api: httpx.Client) -> Member:
    return Member(api, "demo-verifier")


def seen_by_a_person(member: Member, activity_id: str) -> dict[str, Any]:
    """The act once it has ended; where a person is to look, a verifier approves it."""
    verifier = verifier_of(member.api)

    def ended() -> dict[str, Any] | None:
        activity: dict[str, Any] = member.get(f"/activities/{activity_id}")
        if activity["status"] != "verifying":
            return activity
        for review in verifier.get("/reviews", limit=100)["items"]:
            if review["activity_id"] == activity_id:
                verifier.request("POST", f"/reviews/{review['id']}/decision", json={"decision": "approve"})
        return None

    found: dict[str, Any] = demo.until("the verification", ended)
    return found


def walked(member: Member, programme_id: str) -> dict[str, Any]:
    """The act of yesterday's steps."""
    yesterday = (datetime.now(UTC) + timedelta(hours=8) - timedelta(days=1)).date().isoformat()
    data = demo.control(
        member.api, "werun", openid=member.openid, steps=[{"date": yesterday, "step": TYPICAL["steps"]}]
    )
    answer = member.request(
        "POST", "/steps", json={"programme_id": programme_id, "include_earlier": True, **data}
    )
    assert answer.status_code == 200, answer.text
    (day,) = [day for day in answer.json()["days"] if day["date"] == yesterday]
    assert "activity_id" in day, day
    activity: dict[str, Any] = member.get(f"/activities/{day['activity_id']}")
    return activity


@pytest.mark.timeout(400)
@pytest.mark.parametrize("programme_id", PROGRAMMES)
def test_each_behaviour_is_credited_and_explained(programme_id: str, api: httpx.Client):
    member = Member(api)
    member.consent("steps", "photos")
    behaviours = api.get(f"/v1/programmes/{programme_id}/behaviours").json()["items"]
    has_points = "mg_per_point" in api.get(f"/v1/programmes/{programme_id}").json()["unit"]
    shown = [
        (grade, behaviour, {each["grade"]: each["gives"] for each in behaviour["evidence"]})
        for grade in ("steps", "partner", "photo", "verified", "self_declared")
        for behaviour in behaviours
    ]
    for number, (grade, behaviour, gives) in enumerate(each for each in shown if each[0] in each[2]):
        if grade == "steps":
            act = walked(member, programme_id)
        else:
            act = recorded(member, programme_id, behaviour, grade, 2 + number * HOURS_APART)
        assert act["status"] in ("credited", "maturing", "pending"), act
        assert act["grade"] == grade
        why = member.get(f"/activities/{act['id']}/explanation")
        proved = check_explanation(json.dumps(why).encode(), None)
        assert proved.reduction_mg > 0, behaviour["id"]
        weak = gives[grade] != "credits" or not all(factor["credits_allowed"] for factor in why["factors"])
        assert (act["credits_mg"] == 0) is weak, act
        assert has_points or gives[grade] in ("credits", "record")
    found = {item["programme_id"]: item for item in member.get("/me/balances")["items"]}
    balance = found.get(programme_id, {"points": 0, "pending_mg": 0})
    assert balance["points"] > 0 or balance["pending_mg"] > 0 or not has_points
