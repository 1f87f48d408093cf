"""Guangdong: the city's officer files a methodology, a colleague reviews it, the province's officer publishes it; the
public journal has its hash, and anyone computes by it. Through HTTP."""

import base64
import time
from typing import Any

import httpx
import pytest

from infra.local import demo
from puhui.kernel.documents import content_hash
from puhui.tlog import entries, policy, receipts
from puhui.tlog.merkle import leaf_hash
from puhui.tlog.notes import from_b64
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud
PROGRAMME, METHODOLOGY = "guangdong-tanpuhui", "subway-trip"


class Officer(Member):
    """Somebody with a role in the life cycle."""

    def post(self, path: str, body: dict[str, Any], key: str = "") -> tuple[int, dict[str, Any]]:
        """Status and body of the answer."""
        answer = self.request("POST", f"/methodologies{path}", json=body, key=key)
        return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def city(api: httpx.Client) -> Officer:
    return Officer(api, "demo-authority-city")


@pytest.fixture(scope="module")
def colleague(api: httpx.Client) -> Officer:
    return Officer(api, "demo-authority-city-2")


@pytest.fixture(scope="module")
def province(api: httpx.Client) -> Officer:
    return Officer(api, "demo-authority-province")


def document(version: str) -> dict[str, Any]:
    """Nine tenths of what a subway trip was counted as: the uncertain tenth is left out."""
    return {
        "id": METHODOLOGY,
        "version": version,
        "published_on": "2026-11-21",
        "name": {"zh-CN": "乘坐地铁", "en": "Subway trip"},
        "applicability": {"zh-CN": "在广东省内乘坐地铁一次。", "en": "One trip by subway in Guangdong."},
        "inputs": [
            {"name": "trips", "unit": "trip", "min": 1, "max": 100, "label": {"zh-CN": "次数", "en": "trips"}}
        ],
        "formula": {
            "text": "nine tenths of what each trip avoids",
            "factors": {"each": METHODOLOGY},
            "lines": [{"name": "baseline", "formula": "trips * each"}],
            "discount": "0.1",
        },
        "rounding": "down to whole mg of CO2e",
        "act": {"zh-CN": "乘坐地铁 {trips} 次", "en": "Subway trips: {trips}"},
        "test_vectors": [
            {
                "profile": "seed-2023",
                "region": "CN",
                "occurred_on": "2026-11-20",
                "inputs": {"trips": 1},
                "reduction_mg": 180_000,
            }
        ],
    }


def refused(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    status, body = answer
    return status, body["code"]


def trial(api: httpx.Client, **more: Any) -> httpx.Response:
    body = {"programme_id": PROGRAMME, "behaviour": "subway_trip", "quantity": {"trips": 2}, **more}
    return api.post(f"/v1/methodologies/{METHODOLOGY}/quantifications", json=body)


def test_the_city_files_the_province_publishes_and_the_journal_has_it(
    api: httpx.Client, city: Officer, colleague: Officer, province: Officer
):
    version = str(time.time_ns())  # a later one in each run
    filed = {"document": document(version), "jurisdiction": "CN-GD"}
    where = f"/{METHODOLOGY}/versions/{version}"

    assert refused(province.post("", filed)) == (403, "LEVEL_NOT_YOURS")
    status, draft = city.post("", filed)
    assert (status, draft["status"], draft["hash"]) == (201, "draft", content_hash(filed["document"]))
    assert city.post("", filed) == (201, draft)
    read = {"hash": draft["hash"]}
    approval = {"decision": "approve", **read, "note": "因子与来源一致"}

    # Who filed neither reviews nor publishes; nobody publishes what was not reviewed; nobody computes by a draft.
    assert refused(city.post(f"{where}/reviews", approval)) == (403, "AUTHOR_MAY_NOT_REVIEW")
    assert refused(city.post(f"{where}/publication", read)) == (403, "AUTHOR_MAY_NOT_PUBLISH")
    assert refused(province.post(f"{where}/publication", read)) == (409, "STEP_OUT_OF_TURN")
    assert api.get(f"/v1/methodologies{where}").status_code == 404
    assert trial(api, version=version).status_code == 404

    # A colleague reads the draft and approves it, and may not publish it either.
    waiting = colleague.get("/methodologies/drafts", limit=100)["items"]
    assert version in [each["version"] for each in waiting]
    seen = colleague.get(f"/methodologies/drafts{where}")
    assert (seen["document"], seen["hash"]) == (filed["document"], draft["hash"])
    status, approved = colleague.post(f"{where}/reviews", approval, key=f"review-{version}")
    assert (status, approved["status"], approved["approvals"]) == (200, "approved", 1)
    assert colleague.post(f"{where}/reviews", approval, key=f"review-{version}") == (200, approved)
    other = {**approval, "decision": "refuse"}
    again = colleague.post(f"{where}/reviews", other, key=f"review-{version}")
    assert refused(again) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert refused(colleague.post(f"{where}/publication", read))[0] == 403
    assert refused(province.post(f"{where}/publication", {"hash": "ab" * 32})) == (409, "VERSION_CHANGED")

    status, published = province.post(f"{where}/publication", read)
    assert (status, published["status"]) == (200, "published")
    people = [step["by"] for step in published["history"]]
    assert people == [city.id, colleague.id, province.id]
    changed = document(version) | {"published_on": "2026-11-22"}
    assert refused(city.post("", {"document": changed, "jurisdiction": "CN-GD"})) == (409, "VERSION_FIXED")

    # Anyone reads it, and computes by it.
    shown = api.get(f"/v1/methodologies{where}").json()
    assert (shown["status"], shown["hash"], shown["document"]) == (
        "published",
        draft["hash"],
        filed["document"],
    )
    listed = {each["id"]: each["version"] for each in api.get("/v1/methodologies?limit=100").json()["items"]}
    assert listed[METHODOLOGY] == version
    before, after = trial(api).json(), trial(api, version=version).json()
    whole = before["explanation"]["computation"]["reduction_mg"]
    assert after["explanation"]["computation"]["reduction_mg"] == whole * 9 // 10 > 0
    assert after["explanation"]["methodology"] == {
        "id": METHODOLOGY,
        "version": version,
        "hash": draft["hash"],
    }

    # The journal commits to the hash, before witnesses.
    event = entry(api, shown["entry_id"])
    assert {name: event[name] for name in ("type", "name", "version", "hash", "status")} == {
        "type": "methodology",
        "name": METHODOLOGY,
        "version": version,
        "hash": draft["hash"],
        "status": "published",
    }
    assert not any(person in str(event) for person in people)

    # The province withdraws it: no longer listed, still readable, and the journal tells why.
    assert refused(city.post(f"{where}/withdrawal", {"reason": "来源已更正"})) == (403, "LEVEL_NOT_YOURS")
    status, withdrawn = province.post(f"{where}/withdrawal", {"reason": "来源已更正"})
    assert (status, withdrawn["status"]) == (200, "withdrawn")
    assert api.get(f"/v1/methodologies{where}").json()["withdrawn_because"] == "来源已更正"
    listed = {each["id"]: each["version"] for each in api.get("/v1/methodologies?limit=100").json()["items"]}
    assert listed[METHODOLOGY] == "1"


def entry(api: httpx.Client, entry_id: str) -> dict[str, Any]:
    """The event that a published entry commits to, its receipt checked against the log's policy."""

    def receipt_text() -> str | None:
        answer = api.get(f"/v1/journal/receipts/{entry_id}")
        return answer.text if answer.status_code == 200 else None

    text: str = demo.until(f"the receipt of {entry_id}", receipt_text)
    revision = api.get(f"/v1/journal/revisions/{entry_id}").raise_for_status().json()
    leaf = base64.b64decode(revision["entry"])
    trusted = policy.parse(api.get("/journal/policy").raise_for_status().text)
    receipts.check(receipts.parse(text.encode()), leaf_hash(leaf), trusted)
    opening = revision["opening"]
    entries.check_opening(entries.parse(leaf), from_b64(opening["salt"]), opening["event"])
    event: dict[str, Any] = opening["event"]
    return event


def test_a_faulty_document_is_refused_with_the_path_to_the_fault(city: Officer):
    filed = document(str(time.time_ns()))
    filed["formula"]["lines"][0]["formula"] = "trips + each"
    status, problem = city.post("", {"document": filed, "jurisdiction": "CN-GD"})
    assert (status, problem["code"]) == (422, "DOCUMENT_INVALID")
    assert problem["errors"][0]["pointer"] == "/formula/lines/0"
