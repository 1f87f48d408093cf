"""What two people decide of a programme: its gates, its end, a version in a preset's place; and what members say of it: the terms
they accept, and whether their grams may be sold. Through HTTP."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.build.contract import ROOT
from tests.scenarios.life import Member
from tests.scenarios.test_a_city_starts_a_programme import document

pytestmark = pytest.mark.local_cloud

PRESETS = ROOT / "layers/puhui/python/puhui/programmes/presets"
RIDE = {"distance_m": 10_000}


@pytest.fixture(scope="module")
def one(api: httpx.Client) -> Member:
    return Member(api, "demo-authority-city")


@pytest.fixture(scope="module")
def another(api: httpx.Client) -> Member:
    return Member(api, "demo-authority-province")


def started(one: Member, another: Member, **changes: Any) -> str:
    """A programme of its own, filed by one and started by another; its id."""
    made = document(f"decided-{time.time_ns()}") | changes
    filed = one.request("POST", "/programmes", json={"document": made})
    assert filed.status_code == 201, filed.text
    where = f"/programmes/{made['id']}/versions/{made['version']}/start"
    answer = another.request("POST", where, json={"hash": filed.json()["hash"]})
    assert answer.status_code == 200, answer.text
    programme_id: str = made["id"]
    return programme_id


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_gate_opens_where_its_place_lets_it_and_by_two_people(
    api: httpx.Client, one: Member, another: Member
):
    programme_id = started(one, another, jurisdiction="CN-GD-GZ")
    gate = f"/programmes/{programme_id}/gates/pooled_sale"
    wanted = {"open": True, "reason": "收益分配已公示七个工作日"}
    closed = one.request("PUT", f"/programmes/{programme_id}/gates/cash_out", json=wanted)
    assert refused(closed) == (422, "GATE_NOT_ALLOWED")
    assert refused(another.request("POST", f"{gate}/approval", json={"hash": "0" * 64})) == (
        404,
        "PROPOSAL_NOT_FOUND",
    )
    proposed = one.request("PUT", gate, json=wanted).json()
    read = {"hash": proposed["hash"]}
    assert one.request("PUT", gate, json=wanted).json() == proposed
    assert refused(one.request("POST", f"{gate}/approval", json=read)) == (403, "PROPOSER_MAY_NOT_APPROVE")
    changed = one.request("PUT", gate, json=wanted | {"reason": "别的理由"}).json()
    assert refused(another.request("POST", f"{gate}/approval", json=read)) == (409, "PROPOSAL_CHANGED")
    approved = another.request("POST", f"{gate}/approval", json={"hash": changed["hash"]})
    assert (approved.status_code, approved.json()["status"]) == (200, "approved"), approved.text
    assert (
        another.request("POST", f"{gate}/approval", json={"hash": changed["hash"]}).json() == approved.json()
    )
    shown = api.get(f"/v1/programmes/{programme_id}/gates").raise_for_status().json()["items"]
    assert {each["gate"]: (each["open"], each["may_open"]) for each in shown} == {
        "personal_trading": (False, False),
        "pooled_sale": (True, True),
        "cash_out": (False, False),
        "export": (False, True),
    }
    assert {each["region"] for each in shown} == {"CN-GD"}
    assert [each["subject"] for each in one.get(f"/programmes/{programme_id}/proposals")["items"]] == [
        "pooled_sale"
    ]


def test_a_document_cannot_open_what_its_place_keeps_closed(one: Member):
    gates = {"personal_trading": True, "pooled_sale": False, "cash_out": False, "export": False}
    made = document(f"open-{time.time_ns()}") | {"gates": gates}
    assert refused(one.request("POST", "/programmes", json={"document": made})) == (422, "GATE_NOT_ALLOWED")


def test_a_programme_that_ended_counts_no_acts_and_its_points_are_still_there(
    api: httpx.Client, one: Member, another: Member
):
    programme_id = started(one, another)
    late = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds")
    closing = f"/programmes/{programme_id}/closing"
    past = one.request("PUT", closing, json={"closes_at": late, "reason": "期满"})
    assert refused(past) == (422, "CLOSING_IN_THE_PAST")
    soon = datetime.now(UTC) + timedelta(seconds=20)
    proposed = one.request(
        "PUT", closing, json={"closes_at": soon.isoformat(timespec="seconds"), "reason": "期满"}
    ).json()
    read = {"hash": proposed["hash"]}
    assert refused(one.request("POST", f"{closing}/approval", json=read))[0] == 403
    assert another.request("POST", f"{closing}/approval", json=read).status_code == 200
    rider = Member(api)
    act = rider.record("cycling", RIDE, programme_id=programme_id, key="before")
    assert act.status_code == 201, act.text
    time.sleep(max(0, (soon - datetime.now(UTC)).total_seconds()) + 1)
    after = rider.record("cycling", RIDE, programme_id=programme_id, hours_ago=5)
    assert refused(after) == (409, "PROGRAMME_CLOSED")
    newcomer = Member(api).request("POST", f"/programmes/{programme_id}/memberships")
    assert refused(newcomer) == (409, "PROGRAMME_CLOSED")
    (balance,) = [each for each in rider.get("/me/balances")["items"] if each["programme_id"] == programme_id]
    assert balance["points"] == act.json()["points"] > 0
    shown = api.get(f"/v1/programmes/{programme_id}").json()
    assert shown["closed_because"] == "期满"


def test_a_filed_version_takes_a_presets_place(api: httpx.Client, one: Member, another: Member):
    made = json.loads((PRESETS / "national-market.json").read_text(encoding="utf-8"))
    old = one.request("POST", "/programmes", json={"document": made | {"version": "1"}})
    assert refused(old) == (409, "PROGRAMME_SHIPPED")
    version = str(time.time_ns())
    filed = one.request("POST", "/programmes", json={"document": made | {"version": version}})
    assert filed.status_code == 201, filed.text
    where = f"/programmes/national-market/versions/{version}/start"
    read = {"hash": filed.json()["hash"]}
    assert refused(one.request("POST", where, json=read)) == (403, "AUTHOR_MAY_NOT_START")
    assert another.request("POST", where, json=read).status_code == 200
    running = {each["id"]: each["version"] for each in api.get("/v1/programmes").json()["items"]}
    assert running["national-market"] == version
    assert len(running) == len(set(running)) >= 7


def test_joining_keeps_which_terms_were_accepted_and_how(api: httpx.Client, one: Member, another: Member):
    programme_id = started(one, another)
    me = Member(api)

    def joined() -> dict[str, Any]:
        return {each["programme_id"]: each for each in me.get("/me/memberships")["items"]}

    path = f"/programmes/{programme_id}/memberships"
    stale = me.request("POST", path, params={"terms_version": "2020-01"})
    assert refused(stale) == (409, "TERMS_CHANGED")
    terms = api.get(f"/v1/programmes/{programme_id}").json()["terms"]["version"]
    assert me.request("POST", path, params={"terms_version": terms}).status_code == 201
    assert joined()[programme_id]["terms"] == {"version": terms, "accepted": "joined"}
    assert joined()["carbon-88"]["terms"] == {"version": "2026-11", "accepted": "signed_in"}


def test_balances_tell_what_may_be_sold_from_what_may_not(api: httpx.Client):
    me = Member(api)
    me.earn(1_000)

    def held() -> tuple[int, int, int]:
        (balance,) = [each for each in me.get("/me/balances")["items"] if each["programme_id"] == "carbon-88"]
        return balance["credits_mg"], balance["pooled_mg"], balance["entrusted_mg"]

    assert held() == (0, 1_000_000, 0)  # all of it became points, and none of it may be sold
    me.consent("pooling")
    assert held() == (0, 1_000_000, 1_000_000)
    withdrawn = me.request("PUT", "/me/consents/pooling", json={"granted": False, "version": "2026-11"})
    assert withdrawn.status_code == 200
    assert held() == (0, 1_000_000, 0)
