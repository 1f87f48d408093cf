"""New accounts made to farm, through HTTP: what they get at once, what waits, and what an officer voids of it."""

import base64
import hmac
import json
import time
import uuid
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo, seed
from puhui.activities.risk.records import RiskRecords, device_hash
from puhui.kernel.clock import CHINA
from puhui.store.client import DynamoDB
from tests.scenarios.life import Member
from tests.support.local_cloud import WAIT_SECONDS

pytestmark = pytest.mark.local_cloud


def new(api: httpx.Client) -> Member:
    """Somebody who has been a member for two days."""
    openid: str = demo.control(api, "users", nickname="新")["openid"]
    since = (datetime.now(CHINA) - timedelta(days=2)).isoformat(timespec="seconds")
    functions = demo._functions(str(api.base_url))
    seed.invoke(functions, "assign-roles", {**seed.person(openid), "since": since}, "a new account")
    member = Member(api, openid)
    member.consent("steps", "photos")
    return member


def trips(member: Member, count: int, hour: int) -> dict[str, Any]:
    """Yesterday's trips by subway with a photo, once they were checked."""
    at = (datetime.now(CHINA) - timedelta(days=1)).replace(hour=hour, minute=0, second=0, microsecond=0)
    photo = demo.photo(time.time_ns())
    return member.ended(member.photo_act("subway_trip", {"trips": count}, photo, at=at))


def balance(member: Member) -> tuple[int, int]:
    """What is still to come, in mg, and the points."""
    items = [item for item in member.get("/me/balances")["items"] if item["programme_id"] == "carbon-88"]
    return (items[0]["pending_mg"], items[0]["points"]) if items else (0, 0)


def settle_now(local_cloud: Any, member: Member, activity_id: str) -> dict[str, Any]:
    """Let an act's days be over, and the schedule come."""
    past = {":past": {"S": "2026-01-01T00:00:00+08:00"}}
    local_cloud.aws("dynamodb").update_item(
        TableName=f"{local_cloud.stack}-activities",
        Key={"owner": {"S": f"member:{member.id}"}, "entry": {"S": f"A#{activity_id}"}},
        UpdateExpression="SET settles = :past, next_check_at = :past",
        ExpressionAttributeValues=past,
    )
    answer = local_cloud.aws("lambda").invoke(
        FunctionName=f"{local_cloud.stack}-check-waiting-activities", Payload=b"{}"
    )
    done: dict[str, Any] = json.loads(answer["Payload"].read())
    return done


def held_of(officer: Member, member: Member) -> list[dict[str, Any]]:
    items = officer.get("/held-activities", programme_id="carbon-88", limit=100)["items"]
    return [each for each in items if each["member_id"] == member.id]


def results(api: httpx.Client, member: Member) -> list[str]:
    """What the member's messages say became of an act."""
    answer = api.get("/_wechat/_standin/messages", params={"openid": member.openid})
    return [each["data"]["phrase2"] for each in answer.json()["items"]]


def test_a_new_account_gets_a_fifth_of_a_day_at_once_and_the_rest_when_it_is_settled(
    api: httpx.Client, local_cloud: Any
):
    farmer, officer = new(api), Member(api, "demo-operator")
    assert trips(farmer, 3, 9)["status"] == "credited"
    waiting = trips(farmer, 1, 15)
    assert (waiting["status"], waiting["points"]) == ("pending", 0)
    assert datetime.fromisoformat(waiting["settles_at"]) > datetime.now(CHINA) + timedelta(days=2)
    assert not {"rules", "signals", "shadows", "score", "risk"} & waiting.keys()
    assert balance(farmer) == (200_000, 600)
    assert [each["id"] for each in farmer.get("/activities", status="pending")["items"]] == [waiting["id"]]
    (listed,) = demo.until("the held act", lambda: held_of(officer, farmer))
    assert (listed["id"], listed["signals"]) == (waiting["id"], ["FIRST_DAYS"])
    assert settle_now(local_cloud, farmer, waiting["id"])["settled"] >= 1
    assert farmer.get(f"/activities/{waiting['id']}")["status"] == "credited"
    assert balance(farmer) == (0, 800)


def test_an_officer_voids_what_a_farm_has_pending_and_its_member_is_told_why(
    api: httpx.Client, local_cloud: Any
):
    farmer, officer = new(api), Member(api, "demo-operator")
    demo.control(api, "subscriptions", openid=farmer.openid, template_id=demo.NOTICE, accepts=3)
    waiting = trips(farmer, 4, 9)
    assert waiting["status"] == "pending"
    path, body = (
        f"/activities/{waiting['id']}/voiding",
        {"member_id": farmer.id, "reason_code": "NOT_THE_ACT"},
    )
    assert farmer.request("POST", path, json=body).status_code == 403
    for _ in range(2):
        voided = officer.request("POST", path, json={**body, "note": "一人多号"})
        assert (voided.status_code, voided.json()["state"]) == (200, "voided"), voided.text
    told = farmer.get(f"/activities/{waiting['id']}")
    assert (told["status"], told["reason_code"], told["note"]) == ("refused", "NOT_THE_ACT", "一人多号")
    demo.until("the message", lambda: "未通过" in results(api, farmer))
    assert sorted(results(api, farmer)) == ["待结算", "未通过"]
    settle_now(local_cloud, farmer, waiting["id"])
    assert balance(farmer) == (0, 0)
    late = officer.request("POST", path, json={**body, "reason_code": "ALREADY_COUNTED"})
    assert (late.status_code, late.json()["code"]) == (409, "NOT_HELD")
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        rules = {each["id"]: each for each in officer.get("/risk-rules", limit=100)["items"]}
        if rules["FIRST_DAYS"]["confirmed"]:
            break
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert rules["FIRST_DAYS"]["fired"] >= rules["FIRST_DAYS"]["decided"] >= 1
    assert rules["STEPS_HOURLY"]["mode"] == "shadow"


def test_whom_the_platform_considers_a_risk_a_person_looks_at_before_anything_is_settled(
    api: httpx.Client, local_cloud: Any
):
    farmer, verifier = new(api), Member(api, "demo-verifier")
    demo.control(api, "users", openid=farmer.openid, risk_rank=3)
    waiting = trips(farmer, 4, 9)
    settle_now(local_cloud, farmer, waiting["id"])
    assert farmer.get(f"/activities/{waiting['id']}")["status"] == "verifying"

    def review() -> dict[str, Any] | None:
        items = verifier.get("/reviews", limit=100)["items"]
        return next((each for each in items if each["activity_id"] == waiting["id"]), None)

    found = demo.until("the review", review)
    assert found["risk"] == {
        "score": 60,
        "signals": ["FIRST_DAYS", "PLATFORM_RISK"],
        "signal_texts": found["risk"]["signal_texts"],
    }
    assert balance(farmer) == (800_000, 0)


def on_record(local_cloud: Any, owner: str, count: int) -> None:
    """Wait until the stream has put so much on record under owners that begin so."""

    def seen() -> bool:
        items = [each for each in local_cloud.items("activities") if each["owner"].startswith(owner)]
        return sum(len(each.get("people", "1")) for each in items) >= count

    demo.until(f"{owner} on record", seen)


def test_a_phone_with_many_accounts_farms_for_three(api: httpx.Client, local_cloud: Any):
    device = {"id": uuid.uuid4().hex, "platform": "android"}
    said = []
    for _ in range(5):
        account = Member(api)
        at = datetime.now(CHINA) - timedelta(hours=1)
        answer = account.record("cycling", {"distance_m": 3_000}, at=at, device=device)
        said.append(answer.json()["status"])
        if len(said) == 3:
            on_record(local_cloud, f"device:{hash_of(local_cloud, device['id'])}", 3)
    assert said[:3] == ["credited"] * 3
    assert said[3:] == ["pending"] * 2


def hash_of(local_cloud: Any, device_id: str) -> str:
    """The name of a device in the deployment's table."""
    secrets = local_cloud.aws("secretsmanager")
    (name,) = [
        each["Name"]
        for each in secrets.list_secrets()["SecretList"]
        if each["Name"] == f"{local_cloud.stack}/cursor"
    ]
    key = base64.b64decode(json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])["key"])
    return device_hash(device_id, hmac.digest(key, b"key for devices", "sha256"))


def test_steps_that_one_script_gives_to_two_accounts_count_for_one(api: httpx.Client, local_cloud: Any):
    least = 5_000 + time.time_ns() % 9_000
    today = datetime.now(CHINA).date()
    walked = [
        {"date": (today - timedelta(days=ago)).isoformat(), "step": least + 37 * ago} for ago in range(1, 6)
    ]

    def synced(account: Member) -> dict[str, Any]:
        data = demo.control(api, "werun", openid=account.openid, steps=walked)
        answer = account.request(
            "POST", "/steps", json={"programme_id": "carbon-88", "include_earlier": True, **data}
        )
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    assert synced(new(api))["points"] > 0
    records = RiskRecords(DynamoDB(), "")
    for each in walked:
        owner = records.steps_key(date.fromisoformat(str(each["date"])), int(str(each["step"]))).key["owner"]
        on_record(local_cloud, owner, 1)
    copy = new(api)
    refused = synced(copy)
    days = [day for day in refused["days"] if day["steps"]]
    assert {day["reason_code"] for day in days} == {"STEPS_COPIED"}
    assert copy.points() == 0
    acts = copy.get("/activities", status="refused")["items"]
    assert {act["reason_code"] for act in acts} == {"STEPS_COPIED"}, "each can be appealed"
