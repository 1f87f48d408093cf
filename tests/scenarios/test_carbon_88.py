"""Alibaba's 88 Carbon Account, played through HTTP with the seeds' own figures."""

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo
from infra.local.seed import DEMO_MERCHANTS
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud
HOME = {"recipient": "陈小满", "phone": "13800000000", "address": "西湖区文三路 1 号"}


@pytest.fixture
def me(api: httpx.Client) -> Member:
    member = Member(api)
    member.consent("steps", "photos")
    return member


def test_the_seeds_figures_come_out_exactly(me: Member):
    seed = time.time_ns()
    trip = me.ended(me.photo_act("subway_trip", {"trips": 1}, demo.photo(seed), hours_ago=5))
    lights = me.ended(me.photo_act("lights_off", {"times": 1}, demo.photo(seed + 1), hours_ago=4))
    tableware = me.credited("no_tableware", {"orders": 1})  # the delivery service's record
    ride = me.credited("cycling", {"distance_m": 1_000}, hours_ago=2)  # the bike operator's
    assert [a["credits_mg"] for a in (trip, lights, tableware, ride)] == [200_000, 65_500, 47_500, 250_000]
    assert me.points() == 563
    (balance,) = me.get("/me/balances")["items"]
    assert (balance["reduced_mg"], balance["credits_mg"], balance["pending_mg"]) == (563_000, 0, 0)


def test_five_hundred_points_take_home_twelve_cans_and_the_next_twelve_are_refused(me: Member):
    me.earn(600)
    order = {"reward_id": "carbon-88-cola-12", "quantity": 1, "delivery": HOME}
    first = me.request("POST", "/redemptions", json=order, key="a")
    again = me.request("POST", "/redemptions", json=order, key="a")
    assert (first.status_code, first.json()["id"]) == (201, again.json()["id"])
    assert me.points() == 100
    refused = me.request("POST", "/redemptions", json=order, key="b")
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_ENOUGH_POINTS")
    assert len(me.get("/redemptions")["items"]) == 1
    for transfer in me.get("/me/transfers")["items"]:
        sums: dict[str, int] = {}
        for leg in transfer["details"]["legs"]:
            sums[leg["asset"]] = sums.get(leg["asset"], 0) + leg["amount"]
        assert set(sums.values()) == {0}


def test_cola_toothpaste_and_usb_cable_are_there_up_to_their_limits(me: Member):
    me.earn(7_000)  # some are left after all of it
    offered = {item["id"]: item for item in me.get("/rewards", programme_id="carbon-88")["items"]}
    wanted = {"carbon-88-cola-12": 5, "carbon-88-toothpaste": 5, "carbon-88-usb-cable": 2}
    spent = 0
    for reward_id, limit in wanted.items():
        reward, before = offered[reward_id], me.points()
        assert reward["per_member_limit"] == limit
        order = {"reward_id": reward_id, "quantity": limit, "delivery": HOME}
        over = me.request(
            "POST", "/redemptions", json={**order, "quantity": limit + 1}, key=f"{reward_id}-over"
        )
        assert (over.status_code, over.json()["code"]) == (409, "REWARD_LIMIT_REACHED")
        got = me.request("POST", "/redemptions", json=order, key=reward_id)
        assert (got.status_code, got.json()["status"]) == (201, "processing")
        spent += got.json()["points"]
        assert before - me.points() == limit * reward["price_points"]
        more = me.request("POST", "/redemptions", json={**order, "quantity": 1}, key=f"{reward_id}-again")
        assert (more.status_code, more.json()["code"]) == (409, "REWARD_LIMIT_REACHED")
        left = me.get(f"/rewards/{reward_id}")["stock_left"]
        assert left <= reward["stock_left"] - limit
    assert spent == 5 * 500 + 5 * 300 + 2 * 800


def test_a_usb_cable_is_sent_home_by_the_programme(me: Member, api: httpx.Client):
    operator, reward_id = Member(api, "demo-operator"), f"cable-{time.time_ns() % 10**9}"
    terms = {
        "programme_id": "carbon-88",
        "kind": "good",
        "title": {"zh-CN": "数据线", "en": "USB cable"},
        "price_points": 100,
        "stock": 5,
    }
    assert operator.request("PUT", f"/rewards/{reward_id}", json=terms).status_code == 200
    me.earn(300)
    body = {"reward_id": reward_id, "quantity": 1}
    nowhere = me.request("POST", "/redemptions", json=body)
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "DELIVERY_REQUIRED")
    body["delivery"] = HOME
    first, second = (me.request("POST", "/redemptions", json=body, key=key).json()["id"] for key in "ab")
    path = f"/rewards/{reward_id}/deliveries"
    listed = operator.get(path)["items"]
    assert {each["redemption_id"] for each in listed} == {first, second}
    assert all(HOME.items() <= each.items() for each in listed)
    assert me.get(f"/redemptions/{first}")["delivery"] == {"by": "address", "state": "to_send"}
    early = me.request("POST", f"/redemptions/{first}/receipt")
    assert (early.status_code, early.json()["code"]) == (409, "NOT_SENT_YET")
    assert me.request("POST", f"/redemptions/{second}/cancellation").json()["status"] == "cancelled"
    for _ in range(2):
        dispatch = {"reference": "SF123", "carrier": "SF"}
        sent = operator.request("POST", f"{path}/{first}/dispatch", json=dispatch)
        assert (sent.status_code, sent.json()["reference"]) == (200, "SF123"), sent.text
    assert operator.get(path)["items"] == []
    told = me.get(f"/redemptions/{first}")
    assert (told["status"], told["sent_as"], told["delivery"]["state"]) == ("fulfilled", "SF123", "sent")
    came = [me.request("POST", f"/redemptions/{first}/receipt") for _ in range(2)]
    assert [(each.status_code, each.json()["delivery"]["state"]) for each in came] == [(200, "received")] * 2
    assert came[0].json() == came[1].json()
    assert {
        each["id"]: each.get("delivery", {}).get("state") for each in me.get("/redemptions")["items"]
    } == {
        first: "received",
        second: None,
    }
    late = me.request("POST", f"/redemptions/{first}/cancellation")
    assert (late.status_code, late.json()["code"]) == (409, "NOT_CANCELLABLE")
    assert me.request("GET", path).status_code == 403
    assert "陈小满" not in json.dumps(me.get("/redemptions"), ensure_ascii=False)


def test_the_statement_is_for_people(me: Member, api: httpx.Client):
    operator, reward_id = Member(api, "demo-operator"), f"bottle-{time.time_ns() % 10**9}"
    terms = {
        "programme_id": "carbon-88",
        "kind": "coupon",
        "title": {"zh-CN": "水壶券", "en": "Flask coupon"},
        "price_points": 100,
        "stock": 5,
        "cancellable": True,
        "merchant_id": DEMO_MERCHANTS["carbon-88"],
    }
    put = operator.request("PUT", f"/rewards/{reward_id}", json=terms)
    assert put.status_code == 200, put.text
    me.credited("cycling", {"distance_m": 1_000})
    bought = me.request(
        "POST", "/redemptions", json={"reward_id": reward_id, "quantity": 1}, key="flask"
    ).json()
    given_back = me.request("POST", f"/redemptions/{bought['id']}/cancellation").json()
    assert (given_back["status"], given_back["reason_text"]) == ("cancelled", "You cancelled it.")

    lines = me.get("/me/transfers")["items"]
    assert [(line["title"], line["change"], line["about"]["type"]) for line in lines] == [
        ("Flask coupon", {"points": 100}, "redemption"),
        ("Flask coupon", {"points": -100}, "redemption"),
        ("Cycling instead of driving", {"credits_mg": 250_000, "points": 250}, "activity"),
    ]
    assert lines[0]["sentence"] == "100 points came back: Flask coupon."
    chinese = me.request("GET", "/me/transfers", headers={"Accept-Language": "zh-CN"})
    assert chinese.headers["content-language"] == "zh-CN"
    back, spent, earned = (line["sentence"] for line in chinese.json()["items"])
    assert (back, spent) == ("「水壶券」退回 100 分。", "兑换「水壶券」，用去 100 分。")
    assert earned.endswith(
        "「骑车代替开车」计入减排 250 克，得 250 分。"
    )  # just after midnight the day stands before it
    assert me.get("/me/transfers", programme_id="ant-forest")["items"] == []
    held = me.get("/me/balances")["items"][0]
    assert (held["reduced_mg"], held["points"], held["pending_points"], held["maturing_mg"]) == (
        250_000,
        250,
        0,
        0,
    )


def test_a_front_end_learns_templates_forms_and_until_when_a_token_lasts(me: Member, api: httpx.Client):
    notices = api.get("/v1/configuration", headers={"Accept-Language": "en"}).json()["notices"]
    assert {each["notice"]: each["template_id"] for each in notices}[
        "activity_result"
    ] == "puhui-activity-result"
    behaviours = me.get("/programmes/carbon-88/behaviours", limit=2)
    asked = behaviours["items"][0]["quantity_schema"]["properties"]["trips"]
    assert (asked["title"], asked["unit"]["name"], behaviours["next_cursor"] is None) == (
        "trips",
        "trips",
        False,
    )
    rest = me.get("/programmes/carbon-88/behaviours", limit=100, cursor=behaviours["next_cursor"])
    assert len(rest["items"]) == 3
    nowhere = api.get("/v1/nowhere", headers={"Accept-Language": "en"})
    assert (nowhere.json()["code"], nowhere.headers["content-language"]) == ("NOT_FOUND", "zh-CN")
    until = datetime.fromisoformat(
        me.request("DELETE", "/sessions/current").json()["access_token_valid_until"]
    )
    assert timedelta(minutes=20) < until - datetime.now(UTC) <= timedelta(minutes=30)


def test_eight_clients_that_spend_one_balance_never_take_more_than_it_holds(me: Member):
    me.earn(1_600)
    order = {"reward_id": "carbon-88-cola-12", "quantity": 1, "delivery": HOME}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: me.request("POST", "/redemptions", json=order, key=f"k{n}"), range(8))
        )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 3 + [409] * 5, [answer.text for answer in answers]
    assert me.points() == 100


def test_the_same_request_ten_times_at_once_credits_once(me: Member):
    at = datetime.now(UTC) - timedelta(hours=1)
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(lambda _: me.record("cycling", {"distance_m": 2_000}, at=at, key="once"), range(10))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert me.points() == 20


def test_steps_are_credited_by_day_and_never_twice(me: Member):
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    own = 9_000 + time.time_ns() % 997  # nobody walks as another does
    walked = [{"date": (today - timedelta(days=n)).isoformat(), "step": own + 7 * n} for n in range(30)]
    data = demo.control(me.api, "werun", openid=me.openid, steps=walked)
    first = me.request("POST", "/steps", json={"programme_id": "carbon-88", "include_earlier": True, **data})
    assert (first.status_code, first.json()["credits_mg"], first.json()["points"]) == (200, 0, 300), (
        first.text
    )
    again = me.request("POST", "/steps", json={"programme_id": "carbon-88", "include_earlier": True, **data})
    assert again.json()["points"] == 0
    assert me.points() == 300


def test_nothing_is_read_before_the_member_agrees(api: httpx.Client):
    member = Member(api)
    data = demo.control(api, "werun", openid=member.openid, steps=[])
    steps = member.request(
        "POST", "/steps", json={"programme_id": "carbon-88", "include_earlier": True, **data}
    )
    body = {"content_type": "image/jpeg", "size": 10, "sha256": "0" * 64}
    photo = member.request("POST", "/evidence", json=body)
    for answer in (steps, photo):
        assert (answer.status_code, answer.json()["code"]) == (403, "CONSENT_REQUIRED")


def test_stale_and_broken_step_data_asks_for_a_new_login(me: Member):
    data = demo.control(me.api, "werun", openid=me.openid, steps=[])
    demo.control(me.api, "session-rotations", openid=me.openid)
    rotated = demo.control(me.api, "werun", openid=me.openid, steps=[])
    wrong_iv = {**data, "iv": "AAAAAAAAAAAAAAAAAAAAAA=="}
    for given in (rotated, wrong_iv):
        answer = me.request("POST", "/steps", json={"programme_id": "carbon-88", **given})
        assert (answer.status_code, answer.json()["code"]) == (409, "WX_SESSION_STALE")
    me.sign_in()
    fresh = demo.control(me.api, "werun", openid=me.openid, steps=[])
    assert me.request("POST", "/steps", json={"programme_id": "carbon-88", **fresh}).status_code == 200


def test_a_photo_used_before_a_changed_file_and_another_type_are_refused_with_their_reasons(
    me: Member, api: httpx.Client
):
    seed = time.time_ns()
    data = demo.photo(seed)
    me.ended(me.photo_act("subway_trip", {"trips": 1}, data, hours_ago=8))
    other = Member(api)
    other.consent("photos")
    reused = other.ended(other.photo_act("subway_trip", {"trips": 1}, data))
    same_size = b"%PDF-1.7" + b"x" * 2000
    pdf = me.record("subway_trip", {"trips": 1}, hours_ago=6, evidence_ids=[me.upload(same_size)]).json()[
        "id"
    ]
    first, second = demo.photo(seed + 1), bytearray(demo.photo(seed + 1))
    second[-20] ^= 1
    changed = me.record(
        "lights_off", {"times": 1}, evidence_ids=[me.upload(bytes(second), announced=first)]
    ).json()["id"]
    reasons = [reused["reason_code"], me.ended(pdf)["reason_code"], me.ended(changed)["reason_code"]]
    assert reasons == ["EVIDENCE_REUSED", "FILE_TYPE", "FILE_CHANGED"]
    assert (other.points(), me.points()) == (0, 200)


def test_risky_content_is_refused_and_the_member_is_told(me: Member):
    data = demo.photo(time.time_ns())
    demo.control(me.api, "verdicts", sha256=hashlib.sha256(data).hexdigest(), suggest="risky", label=20002)
    demo.control(me.api, "subscriptions", openid=me.openid, template_id=demo.NOTICE, accepts=1)
    activity = me.ended(me.photo_act("subway_trip", {"trips": 1}, data))
    assert (activity["status"], activity["reason_code"]) == ("refused", "CONTENT_RISKY")

    def told() -> list[Any]:
        answer = me.api.get("/_wechat/_standin/messages", params={"openid": me.openid}).json()
        messages: list[Any] = answer["items"] if isinstance(answer, dict) else answer
        return messages

    assert "未通过" in json.dumps(demo.until("the message", told), ensure_ascii=False)


BAD: list[tuple[str, dict[str, Any], int]] = [
    ("a float", {"quantity": {"distance_m": 2000.0}}, 400),
    ("a negative amount", {"quantity": {"distance_m": -1}}, 400),
    ("a huge amount", {"quantity": {"distance_m": 10**12}}, 400),
    ("more than one ride can be", {"quantity": {"distance_m": 30_001}}, 422),
    ("a string", {"quantity": {"distance_m": "2000"}}, 400),
    ("a truth", {"quantity": {"distance_m": True}}, 400),
    ("another behaviour's quantity", {"quantity": {"trips": 1}}, 422),
    ("the future", {"occurred_at": "2099-01-01T00:00:00+08:00"}, 422),
    ("long ago", {"occurred_at": "2020-01-01T00:00:00+08:00"}, 422),
    ("a time without offset", {"occurred_at": "2026-11-20T00:00:00"}, 400),
    ("an unknown behaviour", {"behaviour": "flying"}, 422),
    ("an unknown programme", {"programme_id": "no-such"}, 404),
    ("an unknown field", {"points": 100}, 400),
    (
        "somebody else's evidence",
        {"behaviour": "subway_trip", "quantity": {"trips": 1}, "evidence_ids": ["0" * 26]},
        404,
    ),
]


@pytest.mark.parametrize(("what", "change", "status"), BAD, ids=[what for what, _, _ in BAD])
def test_bad_input_gets_a_problem_and_leaves_nothing(
    me: Member, what: str, change: dict[str, Any], status: int
):
    body = {
        "programme_id": "carbon-88",
        "behaviour": "cycling",
        "occurred_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds"),
        "quantity": {"distance_m": 2_000},
        **change,
    }
    answer = me.request("POST", "/activities", json=body, key="bad")
    problem = answer.json()
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "request_id"} <= problem.keys()
    assert me.get("/activities")["items"] == []
    assert me.get("/me/transfers")["items"] == []


def test_a_body_of_300_kilobytes_is_too_large(me: Member):
    answer = me.request("POST", "/activities", content=b'{"x":"' + b"a" * 300_000 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")


def test_the_ledger_is_sound_after_all_of_this(local_cloud: Any):
    function = f"{local_cloud.stack}-audit-ledger"
    answer = local_cloud.aws("lambda").invoke(FunctionName=function, Payload=b"{}")
    report = json.loads(answer["Payload"].read())
    assert report["sound"], report
