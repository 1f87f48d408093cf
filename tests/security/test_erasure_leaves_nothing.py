"""An account that was lived in is erased, and then everything is searched: all tables, all buckets, the histories of all executions, all log
groups and queues. Nothing that says who the person was, where, or what their pictures were is found, and the log still verifies."""

import base64
import gzip
import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local import demo
from tests.integration.test_journal_on_the_local_cloud import PublicLog
from tests.scenarios.life import Member
from tests.support.independent import Tool
from tests.support.local_cloud import CloudUnderTest
from tests.support.made_tracks import Trip, made

pytestmark = [pytest.mark.local_cloud, pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(600)]

NICKNAME = "紫竹院的蜻蜓"
PHONE, ADDRESS = "13987654321", "蜻蜓巷七号三单元"
PLACE = (39.9428, 116.3152)


@pytest.fixture(scope="module")
def person(api: httpx.Client) -> dict[str, Any]:
    """Somebody who rode, photographed, ordered, has a friend, a household and an export; what must be gone; and the friend."""
    openid = f"dragonfly-{time.time_ns()}"
    demo.control(api, "users", openid=openid, nickname=NICKNAME)
    me, friend = Member(api, openid), Member(api)
    me.consent("steps", "photos", "whereabouts", "profile")
    assert me.request("PUT", "/me", json={"nickname": NICKNAME}).status_code == 200
    me.befriend(friend)
    home = friend.get("/me/household")["code"]
    assert me.request("POST", "/me/household", json={"code": home}).status_code == 201
    picture = demo.photo(time.time_ns())
    act = me.photo_act("subway_trip", {"trips": 1}, picture, hours_ago=5)
    ended = me.ended(act)
    track = made(Trip(seed=time.time_ns() % 10**12, metres=2_000, start=PLACE))
    ridden = me.record("cycling", {"distance_m": 2_000}, hours_ago=2, track=track)
    assert ridden.status_code in (201, 202), ridden.text
    me.earn(600)
    order = {
        "reward_id": demo.COLA,
        "quantity": 1,
        "delivery": {"recipient": NICKNAME, "phone": PHONE, "address": ADDRESS},
    }
    redemption = me.request("POST", "/redemptions", json=order)
    assert redemption.status_code == 201, redemption.text
    waiting = me.photo_act("subway_trip", {"trips": 1}, demo.photo(time.time_ns()), hours_ago=9)
    return {
        "me": me,
        "friend": friend,
        "openid": openid,
        "picture": picture,
        "entry": ended.get("entry_id"),
        "track": track,
        "waiting": waiting,
    }


def exported(me: Member) -> zipfile.ZipFile:
    """The member's export, as the member fetches it."""
    asked = me.request("POST", "/me/exports", key="export-1")
    assert asked.status_code == 202, asked.text
    again = me.request("POST", "/me/exports", key="export-1")
    assert again.json()["id"] == asked.json()["id"]
    path = f"/me/exports/{asked.json()['id']}"
    demo.until("the export", lambda: me.get(path)["status"] != "gathering")
    assert me.get(path)["status"] == "ready"
    me.sign_in()
    link = me.request("POST", f"{path}/link", key="link-1")
    assert link.status_code == 201, link.text
    assert me.request("POST", f"{path}/link", key="link-1").status_code == 201  # its answer got lost
    second = me.request("POST", f"{path}/link", key="link-2")
    assert (second.status_code, second.json()["code"]) == (409, "EXPORT_FETCHED")
    return zipfile.ZipFile(BytesIO(httpx.get(link.json()["url"]).raise_for_status().content))


def test_an_export_has_everything(person: dict[str, Any]):
    with exported(person["me"]) as found:
        assert found.testzip() is None
        names = set(found.namelist())
        manifest = json.loads(found.read("manifest.json"))
        assert {each["name"] for each in manifest["files"]} == names - {"manifest.json"}
        for each in manifest["files"]:
            assert hashlib.sha256(found.read(each["name"])).hexdigest() == each["sha256"], each["name"]
        profile = json.loads(found.read("profile.json"))
        assert (profile["nickname"], profile["wechat_openid"]) == (NICKNAME, person["openid"])
        assert {each["purpose"] for each in json.loads(found.read("consents.json"))} >= {"steps", "photos"}
        acts = [json.loads(line) for line in found.read("activities.jsonl").splitlines()]
        assert {each["status"] for each in acts} >= {"credited"}
        assert found.read("transfers.csv").startswith(b"\xef\xbb\xbfid,at,kind,reference")
        pictures = [found.read(each) for each in names if each.startswith("photos/")]
        assert person["picture"] in pictures
        receipts = {each[9:-4] for each in names if each.startswith("receipts/")}
        assert receipts == {each[10:-5] for each in names if each.startswith("revisions/")}
        assert person["entry"] in receipts
        (gpx,) = [found.read(each) for each in names if each.startswith("tracks/")]
        assert b"<trkpt" in gpx


def test_nothing_is_found_after_an_erasure(
    person: dict[str, Any], api: httpx.Client, local_cloud: CloudUnderTest
):
    me, friend = person["me"], person["friend"]
    needles = {
        "openid": person["openid"].encode(),
        "nickname": NICKNAME.encode(),
        "phone": PHONE.encode(),
        "address": ADDRESS.encode(),
        "picture": person["picture"],
        "hash of the picture": hashlib.sha256(person["picture"]).hexdigest().encode(),
        "latitude": f"{PLACE[0]:.3f}".encode(),
        "longitude": f"{PLACE[1]:.3f}".encode(),
        "polyline": person["track"]["polyline"].encode(),
    }
    found = "\n".join(find(local_cloud, needles))
    for name in ("nickname", "picture in bucket", "hash of the picture in table"):
        assert name in found, "the search finds what is there"
    refresh_token = me.session["refresh_token"]
    me.sign_in()
    asked = me.request("DELETE", "/me")
    assert (asked.status_code, asked.json()["status"]) == (202, "waiting")
    assert me.request("DELETE", "/me/erasure").json()["status"] == "withdrawn"
    assert me.request("DELETE", "/me").json()["status"] == "waiting"
    assert me.request("DELETE", "/me").json()["closes_at"] == me.get("/me/erasure")["closes_at"]

    def erased() -> bool:
        return any(
            item["owner"] == f"member:{me.id}" and item["entry"] == "erasure" and item["status"] == "erased"
            for item in local_cloud.items("privacy")
        )

    demo.until("the erasure", erased)
    time.sleep(3)  # streams that follow it
    assert not find(local_cloud, needles)
    refreshed = api.post("/v1/sessions/refresh", json={"refresh_token": refresh_token})
    assert refreshed.status_code == 401, refreshed.text
    assert friend.get("/me/friends")["items"] == []
    again = Member(api, person["openid"])
    assert again.id != me.id
    assert again.points() == 0


def test_the_log_still_verifies(person: dict[str, Any], go_verifier: Tool, api: httpx.Client, tmp_path: Path):
    log = PublicLog(api)
    folder = tmp_path / "log"
    folder.mkdir()
    log.download(folder)
    (tmp_path / "log.vkey").write_text(f"{log.policy.log}\n")
    verdict = go_verifier("audit", tmp_path / "log.vkey", folder)
    assert verdict.ok, verdict.said
    if person["entry"]:
        answer = api.get(
            f"/v1/journal/revisions/{person['entry']}",
            headers={"Authorization": f"Bearer {person['me'].access_token}"},
        )
        assert "opening" not in answer.json()


# The search


def find(cloud: CloudUnderTest, needles: dict[str, bytes]) -> list[str]:
    """Where any of them is, in whatever is stored or logged."""
    wanted = {name: set(spellings(value)) for name, value in needles.items()}
    return [
        f"{name} in {place}"
        for place, content in everything(cloud)
        for name, values in wanted.items()
        if any(value in content for value in values)
    ]


def spellings(value: bytes) -> Iterator[bytes]:
    """As it is, in base64, in hex, as JSON escapes it, percent-encoded."""
    yield value
    yield base64.b64encode(value)
    yield value.hex().encode()
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    escaped = json.dumps(text)[1:-1]
    yield escaped.encode()
    yield json.dumps(escaped)[1:-1].encode()
    yield httpx.QueryParams({"q": text}).__str__()[2:].encode()


def everything(cloud: CloudUnderTest) -> Iterator[tuple[str, bytes]]:
    """All that is stored: (where, bytes)."""
    places: list[Callable[[CloudUnderTest], Iterator[tuple[str, bytes]]]] = [
        tables,
        buckets,
        executions,
        log_groups,
        queues,
    ]
    for place in places:
        yield from place(cloud)


def tables(cloud: CloudUnderTest) -> Iterator[tuple[str, bytes]]:
    dynamodb = cloud.aws("dynamodb")
    for name in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=name):
            for item in page["Items"]:
                yield f"table {name} {item.get('owner', item.get('account', ''))}", raw(item)


def raw(value: Any) -> bytes:
    """A value with its bytes as they are and in base64."""

    def plain(each: Any) -> Any:
        return base64.b64encode(each).decode() if isinstance(each, bytes) else sorted(each)

    return json.dumps(value, ensure_ascii=False, default=plain).encode()


def buckets(cloud: CloudUnderTest) -> Iterator[tuple[str, bytes]]:
    s3 = cloud.aws("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        if not bucket["Name"].startswith(f"{cloud.stack}-"):
            continue  # where the code of the deployment lies
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for each in page.get("Contents", []):
                body = s3.get_object(Bucket=bucket["Name"], Key=each["Key"])["Body"].read()
                yield f"bucket {bucket['Name']}/{each['Key']}", each["Key"].encode() + body
                if zipfile.is_zipfile(BytesIO(body)):
                    with zipfile.ZipFile(BytesIO(body)) as inner:
                        for name in inner.namelist():
                            yield f"{bucket['Name']}/{each['Key']}/{name}", inner.read(name)
                if body[:2] == b"\x1f\x8b":
                    yield f"bucket {bucket['Name']}/{each['Key']}", gzip.decompress(body)


def executions(cloud: CloudUnderTest) -> Iterator[tuple[str, bytes]]:
    states = cloud.aws("stepfunctions")
    for machine in states.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        for page in states.get_paginator("list_executions").paginate(stateMachineArn=arn):
            for each in page["executions"]:
                told = states.describe_execution(executionArn=each["executionArn"])
                yield f"execution {each['executionArn']}", raw(json.loads(json.dumps(told, default=str)))
                history = states.get_paginator("get_execution_history")
                for events in history.paginate(executionArn=each["executionArn"]):
                    text = json.dumps(events["events"], default=str, ensure_ascii=False)
                    yield f"history {each['executionArn']}", text.encode()


def log_groups(cloud: CloudUnderTest) -> Iterator[tuple[str, bytes]]:
    logs = cloud.aws("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                for event in events["events"]:
                    yield f"log group {name}", event["message"].encode()
    state = Path(httpx.get(f"{cloud.url}/health", trust_env=False).json()["state"])
    for file in sorted((state / "logs").iterdir()):
        yield f"log {file.name}", file.read_bytes()


def queues(cloud: CloudUnderTest) -> Iterator[tuple[str, bytes]]:
    sqs = cloud.aws("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        for message in answer.get("Messages", []):
            yield f"queue {url}", message["Body"].encode()


def test_the_search_knows_spellings():
    assert {"蜻".encode(), b"\\u873b"} <= set(spellings("蜻".encode()))
