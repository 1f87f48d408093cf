"""Data partners through HTTP: Guangdong's metro and utilities fill an account without a word of its member; what is replayed, altered,
stale or another's is refused; records of the unbound wait."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo, seed
from infra.local.partner import records
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud
WAIT_SECONDS = 30
GUANGDONG = "guangdong-tanpuhui"


class Partner:
    """The stand-in, as one of its partners; and requests of our own making with its key."""

    def __init__(self, api: httpx.Client, partner_id: str) -> None:
        self.api, self.id = api, partner_id

    def standin(self, action: str, **body: Any) -> httpx.Response:
        return self.api.post(f"/_partner/_standin/{action}", json={"partner_id": self.id, **body})

    def bind(self, member: Member) -> httpx.Response:
        code = self.standin("binding-codes", member_id=member.id).json()["code"]
        return member.request("POST", "/me/partner-bindings", json={"partner_id": self.id, "code": code})

    def batch(self, items: list[dict[str, Any]], batch_id: str = "", **more: Any) -> httpx.Response:
        return self.standin("batches", batch_id=batch_id or str(uuid.uuid4()), items=items, **more)

    def post(self, path: str, said: Any, **more: Any) -> httpx.Response:
        """Signed here."""
        url = f"{str(self.api.base_url).rstrip('/')}/v1{path}"
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        headers = records.signed(more.pop("partner", self.id), "POST", url, body, **more)
        return self.api.post(f"/v1{path}", content=body, headers=headers)

    def get(self, path: str) -> httpx.Response:
        url = f"{str(self.api.base_url).rstrip('/')}/v1{path}"
        return self.api.get(f"/v1{path}", headers=records.signed(self.id, "GET", url, b""))


def trip(member: Member, hours: float = 3, **more: Any) -> dict[str, Any]:
    began = datetime.now(UTC) - timedelta(hours=hours)
    return {
        "item_no": str(uuid.uuid4()),
        "member_id": member.id,
        "programme_id": GUANGDONG,
        "behaviour": "subway_trip",
        "quantity": {"trips": 1},
        "occurred_at": began.isoformat(timespec="seconds"),
        "ended_at": (began + timedelta(minutes=25)).isoformat(timespec="seconds"),
        **more,
    }


@pytest.fixture
def metro(api: httpx.Client) -> Partner:
    return Partner(api, "demo-metro")


@pytest.fixture
def member(api: httpx.Client) -> Member:
    return Member(api)


def points(member: Member) -> int:
    balances = member.get("/me/balances")["items"]
    return sum(each["points"] for each in balances if each["programme_id"] == GUANGDONG)


def test_metro_and_utilities_fill_an_account_without_a_word_of_its_member(
    api: httpx.Client, metro: Partner, member: Member
):
    power = Partner(api, "demo-power")
    assert metro.bind(member).status_code == power.bind(member).status_code == 201
    bound = [each["partner_id"] for each in member.get("/me/partner-bindings")["items"]]
    assert bound == ["demo-metro", "demo-power"]
    granted = {each["purpose"] for each in member.get("/me/consents")["items"] if each["granted"]}
    assert {"partner:demo-metro", "partner:demo-power"} <= granted
    answer = metro.batch([trip(member), trip(member, 5, behaviour="bus_trip")])
    assert answer.status_code == 200, answer.text
    assert [each["status"] for each in answer.json()["items"]] == ["credited", "credited"]
    earned = points(member)
    assert earned > 0
    paper = {"behaviour": "paperless", "quantity": {"items": 1, "kind": "bill"}}
    answer = power.batch([trip(member, 8, **paper)])
    assert answer.json()["totals"]["credited"] == 1, answer.text
    act = member.get(f"/activities/{answer.json()['items'][0]['activity_id']}")
    assert (act["grade"], act["status"]) == ("partner", "credited")
    assert points(member) > earned


def test_the_same_batch_again_gives_the_same_answer_and_another_content_none(metro: Partner, member: Member):
    metro.bind(member)
    items, name = [trip(member)], str(uuid.uuid4())
    first = metro.batch(items, name)
    assert first.status_code == 200
    assert metro.batch(items, name).json() == first.json()
    other = metro.batch([{**items[0], "quantity": {"trips": 2}}], name)
    assert (other.status_code, other.json()["code"]) == (422, "BATCH_ID_REUSED")
    again = metro.batch(items).json()["items"][0]
    assert again["status"] == "duplicate"
    assert again["activity_id"] == first.json()["items"][0]["activity_id"]
    changed = metro.batch([{**items[0], "quantity": {"trips": 2}}]).json()["items"][0]
    assert (changed["status"], changed["code"]) == ("refused", "RECORD_CHANGED")
    assert metro.get(f"/partner/batches/{name}").json() == first.json()


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        ("body", "CONTENT_DIGEST_WRONG"),
        ("time", "SIGNATURE_TIME"),
        ("nonce", "SIGNATURE_REPLAYED"),
        ("key", "SIGNATURE_WRONG"),
    ],
)
def test_a_spoiled_batch_is_refused_with_its_own_code_and_gives_nothing(
    metro: Partner, member: Member, tamper: str, code: str
):
    metro.bind(member)
    answer = metro.batch([trip(member)], tamper=tamper)
    assert (answer.status_code, answer.json().get("code")) == (401, code)
    assert points(member) == 0


def test_a_request_as_it_was_sent_before_is_refused(metro: Partner, member: Member):
    url = f"{str(metro.api.base_url).rstrip('/')}/v1/partner/binding-codes"
    body = json.dumps({"subject": "card-1"}).encode()
    headers = records.signed("demo-metro", "POST", url, body)
    answers = [metro.api.post("/v1/partner/binding-codes", content=body, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 401]
    assert answers[1].json()["code"] == "SIGNATURE_REPLAYED"
    moved = metro.api.post("/v1/partner/activities", content=body, headers=headers)
    assert moved.status_code in (400, 401)


def test_one_partner_cannot_speak_for_another_nor_for_its_customers(
    api: httpx.Client, metro: Partner, member: Member
):
    metro.bind(member)
    ref = metro.standin("binding-codes", member_id=member.id).json()["member_ref"]
    item = {name: value for name, value in trip(member).items() if name != "member_id"}
    said = {"batch_id": str(uuid.uuid4()), "items": [{**item, "member_ref": ref, "behaviour": "cycling"}]}
    forged = metro.post("/partner/activities", said, key=records.private_key("demo-bike"))
    assert forged.json()["code"] == "SIGNATURE_WRONG"
    (result,) = Partner(api, "demo-bike").post("/partner/activities", said).json()["items"]
    assert (result["status"], result["code"]) == ("refused", "MEMBER_REF_UNKNOWN")
    (result,) = metro.post("/partner/activities", said).json()["items"]
    assert (result["status"], result["code"]) == ("refused", "PARTNER_MAY_NOT_SEND")
    unsigned = api.post("/v1/partner/activities", json=said)
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "SIGNATURE_MISSING")


def test_cloud_events_are_the_second_form(metro: Partner, member: Member):
    metro.bind(member)
    ref = metro.standin("binding-codes", member_id=member.id).json()["member_ref"]
    told = trip(member)
    event = {
        "specversion": "1.0",
        "id": told["item_no"],
        "source": "/data-partners/demo-metro",
        "type": "puhui.activity.recorded",
        "subject": ref,
        "time": told["occurred_at"],
        "data": {name: told[name] for name in ("programme_id", "behaviour", "quantity", "ended_at")},
    }
    kind = "application/cloudevents-batch+json"
    answer = metro.post("/partner/activities", [event], content_type=kind)
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"][0]["status"] == "credited"
    assert metro.post("/partner/activities", [event], content_type=kind).json() == answer.json()
    (again,) = metro.batch([told]).json()["items"]
    assert again["status"] == "duplicate", "one record, whatever form it comes in"
    elsewhere = metro.post(
        "/partner/activities", [{**event, "source": "/data-partners/demo-bike"}], content_type=kind
    )
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "EVENT_SOURCE_WRONG")


def test_records_of_the_unbound_wait_and_count_once_the_member_binds(metro: Partner, member: Member):
    name = str(uuid.uuid4())
    (result,) = metro.batch([trip(member)], name).json()["items"]
    assert (result["status"], result["code"]) == ("unbound", "BINDING_AWAITED")
    assert points(member) == 0
    metro.bind(member)
    until = time.monotonic() + WAIT_SECONDS
    while not points(member) and time.monotonic() < until:
        time.sleep(0.5)
    assert points(member) > 0
    totals = metro.get(f"/partner/batches/{name}").json()["totals"]
    assert (totals["sent"], totals["credited"], totals["unbound"]) == (1, 1, 0)


def test_unbinding_stops_records_at_once_and_the_consent_with_it(metro: Partner, member: Member):
    metro.bind(member)
    assert member.request("DELETE", "/me/partner-bindings/demo-metro").status_code == 204
    (result,) = metro.batch([trip(member)]).json()["items"]
    assert (result["status"], result["code"]) == ("refused", "BINDING_ENDED")
    consents = {each["purpose"]: each["granted"] for each in member.get("/me/consents")["items"]}
    assert consents["partner:demo-metro"] is False
    again = member.request("DELETE", "/me/partner-bindings/demo-metro")
    assert (again.status_code, again.json()["code"]) == (404, "BINDING_NOT_FOUND")


def test_a_code_binds_one_member_once(api: httpx.Client, metro: Partner, member: Member):
    code = metro.standin("binding-codes", member_id=member.id).json()["code"]
    said = {"partner_id": "demo-metro", "code": code}
    assert member.request("POST", "/me/partner-bindings", json=said).status_code == 201
    assert member.request("POST", "/me/partner-bindings", json=said).status_code == 200
    stranger = Member(api)
    refused = stranger.request("POST", "/me/partner-bindings", json=said)
    assert (refused.status_code, refused.json()["code"]) == (422, "BINDING_CODE_INVALID")
    fresh = metro.standin("binding-codes", member_id=member.id).json()["code"]
    taken = stranger.request("POST", "/me/partner-bindings", json={"partner_id": "demo-metro", "code": fresh})
    assert (taken.status_code, taken.json()["code"]) == (409, "ACCOUNT_BOUND_ELSEWHERE")


def test_two_people_bring_a_partner_in_and_one_stops_it(api: httpx.Client, member: Member):
    first, second = Member(api, "demo-operator"), _another_operator(api)
    partner_id = f"trial-{uuid.uuid4().hex[:8]}"
    terms = {
        "name": {"zh-CN": "试用", "en": "Trial"},
        "programmes": [{"programme_id": GUANGDONG, "behaviours": ["subway_trip"]}],
        "sandbox": True,
        "authorize_url": "https://metro.example/authorize",
        "return_url": "https://mini.example/back",
    }
    path = f"/data-partners/{partner_id}"
    assert first.request("PUT", path, json=terms).status_code == 201
    key = {"public_key": records.public_jwk(partner_id)}
    read = first.request("POST", f"{path}/keys", json=key).json()
    own = first.request("POST", f"{path}/activation", json={"hash": read["hash"]})
    assert (own.status_code, own.json()["code"]) == (403, "PROPOSER_MAY_NOT_APPROVE")
    partner = Partner(api, partner_id)
    assert partner.post("/partner/binding-codes", {"subject": "c"}).json()["code"] == "SIGNATURE_KEY_UNKNOWN"
    active = second.request("POST", f"{path}/activation", json={"hash": read["hash"]})
    assert (active.status_code, active.json()["status"]) == (200, "active")

    url = member.request("POST", f"/me/partner-bindings/{partner_id}/redirect").json()["url"]
    state = httpx.URL(url).params["state"]
    assert httpx.URL(url).params["return_url"] == "https://mini.example/back"
    made = partner.post("/partner/binding-codes", {"subject": "c", "state": state}).json()
    said = {"partner_id": partner_id, "code": made["code"], "state": state}
    stranger = Member(api).request("POST", "/me/partner-bindings", json=said)
    assert stranger.json()["code"] == "BINDING_STATE_INVALID"
    assert member.request("POST", "/me/partner-bindings", json=said).status_code == 201

    item = {name: value for name, value in trip(member).items() if name != "member_id"}
    batch = {"batch_id": "b-1", "items": [{**item, "member_ref": made["member_ref"]}]}
    answer = partner.post("/partner/activities", batch).json()
    assert (answer["sandbox"], answer["totals"]["credited"]) == (True, 1)
    assert points(member) == 0, "a sandbox credits nothing"

    stopped = first.request("POST", f"{path}/suspension", json={"reason": "查核中"})
    assert stopped.json()["status"] == "suspended"
    refused = partner.post("/partner/activities", batch)
    assert (refused.status_code, refused.json()["code"]) == (403, "DATA_PARTNER_SUSPENDED")


def _another_operator(api: httpx.Client) -> Member:
    person = Member(api)
    roles = seed.person(person.openid, "复核", "operator")
    seed.invoke(demo._functions(str(api.base_url)), "assign-roles", roles, "a second operator")
    person.sign_in()
    return person
