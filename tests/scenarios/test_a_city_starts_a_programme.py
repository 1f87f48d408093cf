"""A city starts a programme of its own through the API: no code, no deployment."""

import copy
import json
import time
from typing import Any

import httpx
import pytest

from infra.build.contract import ROOT
from infra.local import demo
from puhui.kernel import ids
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud

PRESET = ROOT / "layers/puhui/python/puhui/programmes/presets/carbon-88.json"


def document(programme_id: str) -> dict[str, Any]:
    """A small programme: cycling at a point for ten grams, and no more than two kilograms a day."""
    made: dict[str, Any] = copy.deepcopy(json.loads(PRESET.read_text(encoding="utf-8")))
    made |= {
        "id": programme_id,
        "version": "1",
        "name": {"zh-CN": "小城骑行", "en": "Small city rides"},
        "points": {"mg_per_point": 10_000, "valid_months": 12},
    }
    made["behaviours"] = [each for each in made["behaviours"] if each["id"] == "cycling"]
    made["behaviours"][0]["caps"] = {"per_day_mg": 2_000_000}
    made["self_declared"] = {"per_day_mg": 2_000_000}
    return made


def test_filed_by_one_started_by_another_and_acts_count(api: httpx.Client):
    author, approver, rider = (
        Member(api, "demo-authority-city"),
        Member(api, "demo-authority-province"),
        Member(api),
    )
    programme_id = f"city-{time.time_ns()}"
    filed = author.request("POST", "/programmes", json={"document": document(programme_id)})
    assert filed.status_code == 201, filed.text
    path = f"/programmes/{programme_id}/versions/1"
    read = approver.get(path)
    assert read["document"]["points"]["mg_per_point"] == 10_000
    early = rider.record("cycling", {"distance_m": 4_000}, programme_id=programme_id)
    assert (early.status_code, early.json()["code"]) == (404, "PROGRAMME_NOT_FOUND")
    refused = author.request("POST", f"{path}/start", json={"hash": read["hash"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "AUTHOR_MAY_NOT_START")
    started = approver.request("POST", f"{path}/start", json={"hash": read["hash"]})
    assert (started.status_code, started.json()["status"]) == (200, "running"), started.text
    assert programme_id in [each["id"] for each in api.get("/v1/programmes").json()["items"]]

    def counted() -> dict[str, Any] | None:
        answer = rider.record("cycling", {"distance_m": 10_000}, programme_id=programme_id)
        return answer.json() if answer.status_code == 201 else None

    act = demo.until("the programme to count acts", counted)  # a version counts everywhere within a minute
    assert (act["credits_mg"], act["points"]) == (
        0,
        200,
    )  # 2.5 kg, cut at the day's cap; a word gives points only
    entry = demo.until(
        "the entry of the programme",
        lambda: (
            api.get(f"/v1/journal/revisions/{ids.key_id('programme', programme_id, '1')}")
            .json()
            .get("opening")
        ),
    )
    assert entry["event"]["hash"] == read["hash"]


def test_a_programme_that_cannot_count_is_refused_with_its_reason(api: httpx.Client):
    author = Member(api, "demo-authority-city")
    broken = document("broken-city")
    broken["behaviours"][0]["methodology_version"] = "99"
    refused = author.request("POST", "/programmes", json={"document": broken})
    assert (refused.status_code, refused.json()["code"]) == (422, "BEHAVIOUR_NOT_COUNTABLE")
    broken = document("broken-city") | {"gates": {"personal_trading": False}}
    refused = author.request("POST", "/programmes", json={"document": broken})
    assert (refused.status_code, refused.json()["code"]) == (422, "DOCUMENT_INVALID")
    assert "/gates" in refused.json()["detail"]
    shipped = author.request("POST", "/programmes", json={"document": document("carbon-88")})
    assert (shipped.status_code, shipped.json()["code"]) == (409, "PROGRAMME_SHIPPED")
