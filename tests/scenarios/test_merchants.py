"""An alliance merchant of Guangdong: it applies, the city certifies it, its clerk joins, the city suspends it and a colleague
reinstates it. Through HTTP."""

import hashlib
import time
from typing import Any

import httpx
import pytest

from infra.local import demo
from infra.local.seed import DEMO_MERCHANTS
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud
PROGRAMME = "guangdong-tanpuhui"
PDF = b"%PDF-1.7 a licence"


@pytest.fixture(scope="module")
def owner(api: httpx.Client) -> Member:
    return Member(api)


@pytest.fixture(scope="module")
def city(api: httpx.Client) -> Member:
    return Member(api, "demo-authority-city")


@pytest.fixture(scope="module")
def colleague(api: httpx.Client) -> Member:
    return Member(api, "demo-authority-city-2")


def post(who: Member, path: str, body: dict[str, Any], key: str = "") -> tuple[int, str]:
    """Status of the answer, and the code of its problem or the merchant's status."""
    answer = who.request("POST", path, json=body, key=key)
    told = answer.json()
    return answer.status_code, told.get("code") or told.get("status", "")


def is_listed(owner: Member, merchant_id: str) -> bool:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = {"programme_id": PROGRAMME, "region": "CN-GD", "limit": 100}
        answer = owner.api.get("/v1/merchants", params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if (cursor := answer.json()["next_cursor"]) is None:
            return merchant_id in {item["id"] for item in items}


def test_from_the_application_to_the_reinstatement(
    api: httpx.Client, owner: Member, city: Member, colleague: Member
):
    picture = demo.photo(time.time_ns())
    documents = [owner.document(PDF), owner.document(picture, "picture")]
    applied = owner.apply_as_merchant(PROGRAMME, documents, key=f"apply-{owner.id}")
    assert applied.status_code == 201, applied.text
    merchant_id = applied.json()["id"]
    path = f"/merchants/{merchant_id}"
    stranger = Member(api)
    assert stranger.request("GET", path).status_code == 404
    assert owner.get("/me/merchants")["items"][0]["merchant"]["id"] == merchant_id

    waiting = city.get("/merchant-applications", programme_id=PROGRAMME, limit=100)["items"]
    assert merchant_id in {item["id"] for item in waiting}
    papers = city.get(path)
    assert papers["contact"] == {"name": "陈小满", "phone": "13800000000"}
    assert httpx.get(papers["documents"][0]["url"]).content == PDF

    assert post(owner, f"{path}/certification", {"decision": "certify", "version": 1}) == (403, "FORBIDDEN")
    assert post(city, f"{path}/certification", {"decision": "certify", "version": 1}, "certify") == (
        200,
        "certified",
    )
    assert post(city, f"{path}/certification", {"decision": "certify", "version": 1}, "certify") == (
        200,
        "certified",
    )
    assert post(colleague, f"{path}/certification", {"decision": "certify", "version": 1}) == (
        409,
        "MERCHANT_DECIDED",
    )
    demo.until("the merchant is in the list", lambda: is_listed(owner, merchant_id))

    shown = demo.until("the picture passes", lambda: stranger.get(path)["pictures"])
    assert hashlib.sha256(httpx.get(shown[0]["url"]).content).digest() == hashlib.sha256(picture).digest()
    assert "contact" not in stranger.get(path)

    branch = {
        "name": {"zh-CN": "天河店", "en": "Tianhe"},
        "address": "示范路 1 号",
        "region": "CN-GD-GZ",
        "open": True,
    }
    elsewhere = owner.request("PUT", f"{path}/branches/tianhe", json={**branch, "region": "CN-BJ"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "REGION_NOT_CERTIFIED")
    assert owner.request("PUT", f"{path}/branches/tianhe", json=branch).status_code == 200
    assert stranger.get(f"{path}/branches")["items"] == [{"id": "tianhe", **branch, "name": "Tianhe"}]
    clerk = Member(api)
    invited = owner.request(
        "POST", f"{path}/staff-invitations", json={"role": "clerk", "branch_id": "tianhe"}
    )
    assert invited.status_code == 201, invited.text
    code = {"code": invited.json()["code"]}
    joined = clerk.request("POST", "/merchant/staff", json=code)
    assert (joined.status_code, joined.json()["role"], joined.json()["branch_id"]) == (201, "clerk", "tianhe")
    assert post(city, "/merchant/staff", code) == (403, "DECIDER_MAY_NOT_JOIN")
    assert {each["role"] for each in owner.get(f"{path}/staff")["items"]} == {"owner", "clerk"}
    assert stranger.request("GET", f"{path}/staff").status_code == 404

    cake = owner.document(demo.photo(time.time_ns()), "picture")
    profile = {"description": {"zh-CN": "还有蛋糕", "en": "And a cake"}, "picture_ids": [cake]}
    assert clerk.request("PUT", f"{path}/profile", json=profile).status_code == 403
    for _ in range(2):
        revised = owner.request("PUT", f"{path}/profile", json=profile)
        assert (revised.status_code, revised.json()["status"]) == (200, "certified"), revised.text
    shown = demo.until("the new picture passes", lambda: stranger.get(path)["pictures"])
    assert [each["document_id"] for each in shown] == [cake]
    assert stranger.get(path)["description"] == profile["description"]["en"]

    suspension = {"reason_code": "COMPLAINTS", "note": "三次拒绝核销"}
    assert post(city, f"{path}/suspension", suspension) == (200, "suspended")
    assert post(city, f"{path}/reinstatement", {"note": "已整改"}) == (403, "SUSPENDER_MAY_NOT_REINSTATE")
    assert post(colleague, f"{path}/reinstatement", {"note": "已整改"}) == (200, "certified")
    told = [each["what"] for each in clerk.get(path)["history"]]
    assert told == ["certify", "revise", "suspend", "reinstate"]

    assert owner.request("DELETE", f"{path}/staff/{clerk.id}").status_code == 204
    assert owner.request("DELETE", f"{path}/staff/{owner.id}").json()["code"] == "LAST_OWNER"
    assert clerk.get("/me/merchants")["items"] == []

    invited = owner.request("POST", f"{path}/staff-invitations", json={"role": "owner"})
    heir = Member(api)
    assert heir.request("POST", "/merchant/staff", json={"code": invited.json()["code"]}).status_code == 201
    assert owner.request("DELETE", f"{path}/staff/{owner.id}").status_code == 204
    assert [(each["member_id"], each["role"]) for each in heir.get(f"{path}/staff")["items"]] == [
        (heir.id, "owner")
    ]


def test_a_refused_merchant_hands_in_again(owner: Member, city: Member):
    applied = owner.apply_as_merchant("carbon-88")
    path = f"/merchants/{applied.json()['id']}"
    assert post(city, f"{path}/certification", {"decision": "refuse", "version": 1}) == (
        422,
        "REASON_REQUIRED",
    )
    refusal = {"decision": "refuse", "version": 1, "reason_code": "LICENCE_UNREADABLE", "note": "请重新扫描"}
    assert post(city, f"{path}/certification", refusal) == (200, "refused")
    papers = owner.get(path)
    assert papers["history"][0]["reason_code"] == "LICENCE_UNREADABLE"
    body = {name: papers[name] for name in ("kind", "legal_id", "contact", "regions")}
    body["name"] = papers["texts"]["name"]
    body["document_ids"] = [owner.document(b"%PDF-1.7 a better scan")]
    for _ in range(2):
        again = owner.request("PUT", f"{path}/application", json=body)
        assert (again.status_code, again.json()["status"]) == (200, "applied")
    assert post(city, f"{path}/certification", {"decision": "certify", "version": 1}) == (
        409,
        "APPLICATION_CHANGED",
    )
    read = {"decision": "certify", "version": city.get(path)["version"]}
    assert post(city, f"{path}/certification", read) == (200, "certified")


def test_what_is_not_as_announced_or_not_fit_is_refused(owner: Member):
    missing = owner.apply_as_merchant("carbon-88", ["01KAGZ3V9Q8M4T2X7C5R6N1P0D"])
    assert (missing.status_code, missing.json()["code"]) == (404, "DOCUMENT_NOT_FOUND")
    paper = {"kind": "picture", "content_type": "application/pdf", "size": 1, "sha256": "ab" * 32}
    refused = owner.request("POST", "/merchant/documents", json=paper)
    assert (refused.status_code, refused.json()["code"]) == (422, "NOT_A_PICTURE")
    wrong = owner.apply_as_merchant("carbon-88", legal_id="91350100M000100Y44")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "LEGAL_ID_INVALID")


@pytest.mark.parametrize("programme_id", DEMO_MERCHANTS)
def test_the_demo_merchant_is_certified_and_owned(api: httpx.Client, programme_id: str):
    merchant = Member(api, "demo-merchant")
    mine = {each["merchant"]["id"]: each for each in merchant.get("/me/merchants", limit=100)["items"]}
    place = mine[DEMO_MERCHANTS[programme_id]]
    assert (place["role"], place["merchant"]["status"]) == ("owner", "certified")
