"""What real use sent to the API's doors: each case of tests/cases/http.json through HTTP on the local cloud, and its kind."""

import json
from typing import Any

import httpx
import pytest

from infra.build import contract
from tests.scenarios.life import Member
from tests.support.cases import cases

HTTP = cases("http")
NICKNAME = "小满 🚲"


@pytest.fixture(scope="module")
def api(local_cloud: Any) -> Any:
    with httpx.Client(base_url=local_cloud.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def member(api: httpx.Client) -> Member:
    return Member(api)


@pytest.mark.parametrize("case", [case for case in HTTP if "accept_language" in case], ids=json.dumps)
def test_a_problem_is_told_in_the_language_that_weighs_most(case: dict[str, Any], api: httpx.Client) -> None:
    answer = api.post("/v1/sessions", json={}, headers={"Accept-Language": case["accept_language"]})
    assert (answer.status_code, answer.headers["content-language"]) == (400, case["expect"])


@pytest.mark.parametrize("case", [case for case in HTTP if "put_me_gbk_hex" in case], ids=json.dumps)
def test_a_body_in_another_charset_is_refused_and_nothing_is_stored(
    case: dict[str, Any], member: Member
) -> None:
    raw = bytes.fromhex(case["put_me_gbk_hex"])
    member.consent("profile")
    before = member.get("/me")["nickname"]
    for content_type, body, status in (
        (case["content_type"], raw, 415),
        ("application/json; charset=ISO-8859-1", raw, 415),
        ('application/json; charset="utf-16"', json.dumps({"nickname": "a"}).encode(), 415),
        ("application/json", raw, 400),
        ("application/json; charset=utf-8", json.dumps({"nickname": "a"}).encode("utf-16"), 400),
        ("application/json", b'{"nickname": "a", "nickname": "b"}', 400),
    ):
        answer = member.request("PUT", "/me", content=body, headers={"Content-Type": content_type})
        code = {415: "UNSUPPORTED_MEDIA_TYPE", 400: "INVALID_REQUEST"}[status]
        assert (answer.status_code, answer.json()["code"]) == (status, code), content_type
    assert member.get("/me")["nickname"] == before
    good = "\ufeff" + json.dumps({"nickname": f" {NICKNAME} "}, ensure_ascii=False)
    headers = {"Content-Type": "Application/JSON; Charset=UTF-8"}
    answer = member.request("PUT", "/me", content=good.encode(), headers=headers)
    assert (answer.status_code, answer.json()["nickname"]) == (200, NICKNAME)


@pytest.mark.parametrize("nickname", [name for case in HTTP for name in case.get("nickname", ())], ids=ascii)
def test_a_name_that_cannot_be_seen_is_refused(nickname: str, member: Member) -> None:
    answer = member.request("PUT", "/me", json={"nickname": nickname})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/nickname")


@pytest.mark.parametrize("case", [case for case in HTTP if "authorization" in case], ids=json.dumps)
def test_the_schemes_name_is_taken_in_any_case(
    case: dict[str, Any], api: httpx.Client, member: Member
) -> None:
    given = case["authorization"].replace("<token>", member.access_token)
    answer = api.get("/v1/me", headers={"Authorization": given})
    assert str(answer.status_code) == case["expect"]
    assert api.get("/v1/me", headers={"Authorization": f"Basic {member.access_token}"}).status_code == 401


def test_a_method_that_a_path_does_not_have_is_405_with_those_that_it_has(api: httpx.Client) -> None:
    """Every path: nothing that the gateway imports was left out. A path that is none stays 404."""
    allowed: dict[str, set[str]] = {}
    for operation in contract.operations():
        allowed.setdefault(operation.path, set()).add(operation.method)
    for path, methods in allowed.items():
        answer = api.patch(f"/v1{path.replace('{', '').replace('}', '')}", content=b"<x/>")
        assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED"), path
        assert set(answer.headers["allow"].split(", ")) == methods, path
        assert answer.headers["content-type"] == "application/problem+json"
    english = api.put("/v1/me/balances", headers={"Accept-Language": "en"})
    assert english.json()["detail"] == "This path does not have that method. It has: GET."
    assert api.get("/v1/nothing").status_code == 404


def test_only_a_spent_token_ends_a_session(api: httpx.Client) -> None:
    token = Member(api).session["refresh_token"]
    made_up = token[:26] + ".guess"
    assert api.post("/v1/sessions/refresh", json={"refresh_token": made_up}).status_code == 401
    assert api.post("/v1/sessions/refresh", json={"refresh_token": token}).status_code == 200
    spent = api.post("/v1/sessions/refresh", json={"refresh_token": token})
    assert spent.json()["code"] == "REFRESH_REUSED"
