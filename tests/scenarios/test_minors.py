"""A child counts nothing until a guardian has agreed; the guardian sees, agrees, withdraws; the operator reports on the year."""

import io
import time
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.scenarios.life import Member
from tests.scenarios.test_consents_at_capture import refused, sync, walked
from tests.support.local_cloud import WAIT_SECONDS

pytestmark = pytest.mark.local_cloud

YEAR = (datetime.now(UTC) + timedelta(hours=8)).year
CHILD, TEEN, GROWN = YEAR - 11, YEAR - 16, YEAR - 40


def born(member: Member, year: int) -> dict[str, Any]:
    answer = member.request("PUT", "/me/birth-year", json={"birth_year": year})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def take_charge(guardian: Member, child: Member, *purposes: str) -> httpx.Response:
    notice = guardian.api.get("/v1/guardian-notice").json()
    code = child.get("/me/guardian-code")["code"]
    body = {"code": code, "version": notice["version"], "purposes": list(purposes)}
    return guardian.request("POST", "/me/wards", json=body)


@pytest.fixture
def family(api: httpx.Client) -> tuple[Member, Member]:
    child, mother = Member(api), Member(api)
    born(child, CHILD)
    born(mother, GROWN)
    return child, mother


def test_nothing_of_a_child_counts_until_a_guardian_agrees(family: tuple[Member, Member]):
    child, mother = family
    word = child.record("no_tableware", {"orders": 1})
    assert refused(word, "GUARDIAN_REQUIRED"), word.text
    assert refused(sync(child, walked(child, range(1))), "GUARDIAN_REQUIRED")
    alone = child.request("PUT", "/me/consents/steps", json={"granted": True, "version": "2026-12"})
    assert refused(alone, "GUARDIAN_REQUIRED")
    answer = take_charge(mother, child, "steps")
    assert answer.status_code == 201, answer.text
    assert answer.json()["minor"]["guarded"]
    counted = sync(child, walked(child, range(1)))
    assert counted.status_code == 200, counted.text
    assert child.record("no_tableware", {"orders": 1}).status_code == 201


def test_a_guardian_sees_agrees_and_withdraws(family: tuple[Member, Member]):
    child, mother = family
    assert take_charge(mother, child, "steps").status_code == 201
    assert take_charge(mother, child, "steps").status_code == 201  # again changes nothing
    [ward] = mother.get("/me/wards")["items"]
    assert ward["member"]["id"] == child.id
    assert [(each["purpose"], each["by_guardian"]) for each in ward["consents"]] == [("steps", mother.id)]
    child.record("no_tableware", {"orders": 1})
    seen = mother.get(f"/me/wards/{child.id}/activities")["items"]
    assert seen == child.get("/activities")["items"]
    path = f"/me/wards/{child.id}/consents/photos"
    agreed = mother.request("PUT", path, json={"granted": True, "version": "2026-12"})
    assert agreed.status_code == 200, agreed.text
    own = child.request("PUT", "/me/consents/whereabouts", json={"granted": True, "version": "2026-12"})
    assert refused(own, "GUARDIAN_DECIDES")
    corrected = mother.request("PUT", f"/me/wards/{child.id}/birth-year", json={"birth_year": CHILD - 1})
    assert corrected.json()["birth_year"] == CHILD - 1
    assert mother.request("DELETE", f"/me/wards/{child.id}").status_code == 204
    assert refused(sync(child, walked(child, range(1))), "GUARDIAN_REQUIRED")
    assert mother.get("/me/wards")["items"] == []
    assert mother.request("DELETE", f"/me/wards/{child.id}").status_code == 404


def test_a_guardian_exports_and_erases_for_a_child(family: tuple[Member, Member]):
    child, mother = family
    assert take_charge(mother, child).status_code == 201
    mother.sign_in()
    asked = mother.request("POST", f"/me/wards/{child.id}/exports")
    assert asked.status_code == 202, asked.text
    path = f"/me/wards/{child.id}/exports/{asked.json()['id']}"
    deadline = time.monotonic() + WAIT_SECONDS
    while (export := mother.get(path))["status"] != "ready":
        assert time.monotonic() < deadline, export
        time.sleep(1)
    link = mother.request("POST", f"{path}/link")
    assert link.status_code == 201, link.text
    with zipfile.ZipFile(io.BytesIO(httpx.get(link.json()["url"]).content)) as file:
        names = file.namelist()
    assert any("consents" in each for each in names), names
    erased = mother.request("DELETE", f"/me/wards/{child.id}/account")
    assert (erased.status_code, erased.json()["status"]) == (202, "waiting"), erased.text
    assert child.get("/me/erasure")["status"] == "waiting"


def test_a_child_has_no_friends_and_does_not_grow_older(family: tuple[Member, Member], api: httpx.Client):
    child, mother = family
    assert take_charge(mother, child).status_code == 201
    code = child.get("/me/friend-code")["code"]
    assert refused(mother.request("POST", "/me/friends", json={"code": code}), "NOT_FOR_MINORS")
    code = mother.get("/me/friend-code")["code"]
    assert refused(child.request("POST", "/me/friends", json={"code": code}), "NOT_FOR_MINORS")
    older = child.request("PUT", "/me/birth-year", json={"birth_year": GROWN})
    assert (older.status_code, older.json()["code"]) == (409, "BIRTH_YEAR_DECLARED")
    assert "invitations" in child.get("/me")["minor"]["closed"]
    teen = Member(api)
    assert born(teen, TEEN)["minor"]["closed"] == ["trade", "cash_out"]
    teen.befriend(mother)


def test_who_is_nobodys_guardian_gets_nowhere(family: tuple[Member, Member], api: httpx.Client):
    child, mother = family
    stranger = Member(api)
    nobody = take_charge(stranger, child)
    assert refused(nobody, "GUARDIAN_NOT_ADULT")
    assert take_charge(mother, child).status_code == 201
    born(stranger, GROWN)
    path = f"/me/wards/{child.id}/consents/photos"
    for method, where, body in (
        ("PUT", path, {"granted": True, "version": "2026-12"}),
        ("PUT", f"/me/wards/{child.id}/birth-year", {"birth_year": CHILD}),
        ("DELETE", f"/me/wards/{child.id}", None),
    ):
        assert stranger.request(method, where, json=body).status_code == 404


def test_the_notice_says_all_eight_things(api: httpx.Client):
    for language in ("en", "zh-CN"):
        answer = api.get("/v1/guardian-notice", headers={"Accept-Language": language})
        assert answer.status_code == 200, answer.text
        notice = answer.json()
        assert len({each["title"] for each in notice["statements"]}) == 8
        assert notice["hash"]


def test_the_operator_reports_on_the_year(family: tuple[Member, Member], api: httpx.Client):
    child, mother = family
    operator = Member(api, "demo-operator")
    before = operator.get("/reports/minors", year=YEAR)
    assert take_charge(mother, child, "steps", "photos").status_code == 201
    after = operator.get("/reports/minors", year=YEAR)
    assert after["children"] >= before["children"] >= 1
    assert after["children_guarded"] >= before["children_guarded"] + 1
    assert after["guardians_added"] >= before["guardians_added"] + 1
    granted = {each["purpose"]: each["granted"] for each in after["consents"]}
    assert granted["steps"] >= 1
    assert granted["photos"] >= 1
    assert mother.request("GET", "/reports/minors", params={"year": YEAR}).status_code == 403
