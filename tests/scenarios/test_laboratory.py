"""An authority tries a draft on the past before anybody publishes it."""

import copy
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo
from puhui.kernel import clock
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud


def draft_of(api: httpx.Client, methodology_id: str, discount: str) -> dict[str, Any]:
    """The published cycling document as a draft with a discount for uncertainty."""
    published = api.get(f"/v1/methodologies/{methodology_id}/versions/1").json()["document"]
    draft = copy.deepcopy(published)
    draft["version"] = "2"
    draft["formula"] = {
        "text": "floor(distance_m × car × (1 − discount))",
        "factors": {"car": "cycling-instead-of-car"},
        "lines": [{"name": "baseline", "formula": "distance_m * car"}],
        "discount": discount,
    }
    for vector in draft["test_vectors"]:
        vector["reduction_mg"] = vector["reduction_mg"] * (100 - int(discount[2:])) // 100
    return draft


def ended(authority: Member, trial: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = authority.get(f"/trials/{trial['id']}")
        return found if found["status"] == "done" else None

    found: dict[str, Any] = demo.until("the trial", look)
    return found


def test_a_draft_is_tried_on_past_acts_and_on_cases(api: httpx.Client):
    rider, authority = Member(api), Member(api, "demo-authority-province")
    for metres, hours_ago in ((4_000, 30), (2_000, 60)):
        ride = rider.credited("cycling", {"distance_m": metres}, hours_ago=hours_ago)
        assert ride["status"] == "credited"
    body = {
        "programme_id": "carbon-88",
        "document": draft_of(api, "cycling-instead-of-car", "0.10"),
        "days": 7,
        "cases": [{"quantity": {"distance_m": 1000}}, {"quantity": {"distance_m": 500_000}}],
    }
    path = "/methodologies/cycling-instead-of-car/trials"
    key = f"trial-{rider.id}"
    started = authority.request("POST", path, json=body, key=key)
    assert started.status_code == 202, started.text
    assert authority.request("POST", path, json=body, key=key).json()["id"] == started.json()["id"]
    report = ended(authority, started.json())["report"]
    assert report["cases"] == [
        {"case": 0, "published_mg": 250_000, "draft_mg": 225_000},
        {"case": 1, "published_code": "QUANTITY_INVALID", "draft_code": "QUANTITY_INVALID"},
    ]
    past = report["past"]
    assert past["acts"] >= 2
    assert past["acts_with_less"] == past["acts"]
    assert past["draft_mg"] * 10 <= past["published_mg"] * 9
    mine = [member for member in past["members"] if member["member_id"] == rider.id]
    assert mine in ([], [{"member_id": rider.id, "published_mg": 1_500_000, "draft_mg": 1_350_000}])
    assert rider.get("/me/balances")["items"][0]["reduced_mg"] == 1_500_000  # nothing was credited


def test_a_faulty_draft_is_refused_with_the_path_to_the_fault(api: httpx.Client):
    authority = Member(api, "demo-authority-province")
    draft = draft_of(api, "cycling-instead-of-car", "0.10")
    draft["formula"]["lines"][0]["formula"] = "distance_m + car"
    body = {"programme_id": "carbon-88", "document": draft, "days": 7}
    refused = authority.request("POST", "/methodologies/cycling-instead-of-car/trials", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "DOCUMENT_INVALID")
    assert "/formula/lines/0" in refused.json()["detail"]


def test_a_trial_of_nothing_and_of_another_methodology_is_refused(api: httpx.Client):
    authority = Member(api, "demo-authority-province")
    draft = draft_of(api, "cycling-instead-of-car", "0.10")
    for path, body, code in (
        ("cycling-instead-of-car", {"programme_id": "carbon-88", "document": draft}, "NOTHING_TO_TRY"),
        (
            "bus-trip",
            {"programme_id": "carbon-88", "document": draft, "days": 7},
            "BEHAVIOUR_NOT_THIS_METHODOLOGY",
        ),
    ):
        refused = authority.request("POST", f"/methodologies/{path}/trials", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_corrected_factor_is_made_up_for_and_explained(api: httpx.Client):
    eater, author, approver = (
        Member(api),
        Member(api, "demo-authority-city"),
        Member(api, "demo-authority-province"),
    )
    at = datetime.now(UTC) - timedelta(days=26)
    eater.consent("photos")
    act = eater.ended(eater.photo_act("no_tableware", {"orders": 2}, demo.photo(time.time_ns()), at=at))
    assert (act["status"], act["credits_mg"]) == ("credited", 95_000), act
    day = clock.programme_day(at).isoformat()
    body = {
        "programme_id": "carbon-88",
        "factor": "no-tableware-seed@1",
        "replacement": "no-tableware-bj-least@1",
        "from": day,
        "to": day,
        "reason": "the national figure was taken for Beijing",
    }
    key = f"correction-{eater.id}"
    proposed = author.request("POST", "/factors/corrections", json=body, key=key)
    assert proposed.status_code == 201, proposed.text
    path = f"/factors/corrections/{proposed.json()['id']}"
    refused = author.request("POST", f"{path}/approval")
    assert (refused.status_code, refused.json()["code"]) == (403, "PROPOSER_MAY_NOT_APPROVE")
    assert approver.request("POST", f"{path}/approval").status_code == 202

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = approver.get(path)
        return found if found["status"] == "done" else None

    report = demo.until("the correction", look)["report"]
    assert report["acts"] >= 1
    assert eater.get(f"/activities/{act['id']}")["credits_mg"] == 46_000
    assert eater.points() == 46
    told = eater.get(f"/activities/{act['id']}/explanation")["correction"]
    assert (told["from_mg"], told["to_mg"], told["reason"]) == (95_000, 46_000, body["reason"])
    lines = [line for line in eater.get("/me/transfers")["items"] if line["kind"] == "correction"]
    assert [line["entry_id"] for line in lines] == [told["transfer_id"]]
