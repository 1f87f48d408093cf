"""Documents that people file, by the table of tests/cases/documents.json: each through HTTP, and what follows from it."""

import copy
import json
import time
from typing import Any

import httpx
import pytest

from infra.build.contract import ROOT
from tests.scenarios.life import Member
from tests.scenarios.test_guangdong_methodology import document as methodology

pytestmark = pytest.mark.local_cloud

CASES: list[dict[str, Any]] = json.loads((ROOT / "tests/cases/documents.json").read_text(encoding="utf-8"))
FACTORS = [tuple(each) for case in CASES for each in case.get("factors", ())]
PATHS = [case for case in CASES if "factors" not in case and "factor" not in case]


@pytest.fixture(scope="module")
def author(api: httpx.Client) -> Member:
    return Member(api, "demo-authority-city")


@pytest.fixture(scope="module")
def reviewer(api: httpx.Client) -> Member:
    return Member(api, "demo-authority-province")


def factor(quantity: str, **changes: Any) -> dict[str, Any]:
    """A record under an id that nobody has taken."""
    return {
        "id": f"filed-{time.time_ns()}",
        "version": "1",
        "name": {"zh-CN": "外购热力", "en": "Purchased heat"},
        "quantity": quantity,
        "profiles": ["conservative", "guangzhou-2015"],
        "value": "0.11",
        "unit": "tCO2e/GJ",
        "region": "CN",
        "applies_in": ["CN"],
        "year": 2015,
        "publisher": "国家发展和改革委员会",
        "document": "企业温室气体排放核算方法与报告指南",
        "mark": "S",
        "valid_from": "2016-01-01",
        **changes,
    }


def put(target: dict[str, Any], path: str, value: Any) -> None:
    """Set the member that a case names: ``test_vectors[0].region``."""
    *parents, last = path.replace("[", ".").replace("]", "").split(".")
    for name in parents:
        target = target[int(name)] if isinstance(target, list) else target[name]
    target[last] = value


def filed(author: Member, path: str, document: dict[str, Any]) -> httpx.Response:
    return author.request("POST", path, json={"document": document})


def published(author: Member, reviewer: Member, record: dict[str, Any]) -> dict[str, Any]:
    """A factor, filed by one and published by another."""
    answer = filed(author, "/factors", record)
    assert answer.status_code == 201, answer.text
    draft, where = answer.json(), f"/factors/{record['id']}/versions/{record['version']}"
    read = {"hash": draft["hash"]}
    approval = reviewer.request("POST", f"{where}/reviews", json={"decision": "approve", **read})
    assert (approval.status_code, approval.json()["status"]) == (200, "approved"), approval.text
    answer = reviewer.request("POST", f"{where}/publication", json=read)
    assert (answer.status_code, answer.json()["status"]) == (200, "published"), answer.text
    return draft


@pytest.mark.parametrize(
    "case", PATHS, ids=lambda case: f"{case['id']} {next(iter(set(case) - {'id', 'expect', 'got'}))}"
)
def test_a_methodology_of_the_table_is_answered_as_it_says(author: Member, case: dict[str, Any]):
    changed = methodology(str(time.time_ns()))
    (path,) = set(case) - {"id", "expect", "got"}
    put(changed, path, case[path])
    answer = filed(author, "/methodologies", changed)
    assert answer.status_code == int(case["expect"]), answer.text
    if answer.status_code == 422:
        assert answer.json()["code"] == "DOCUMENT_INVALID"
        assert answer.json()["errors"][0]["pointer"].startswith("/" + path.split(".")[0])


def test_a_factor_of_a_city_is_accepted(author: Member):
    (case,) = [each for each in CASES if "factor" in each]
    record = factor(f"city-{time.time_ns()}", **case["factor"], applies_in=[case["factor"]["region"]])
    assert filed(author, "/factors", record).status_code == 201


@pytest.mark.parametrize(("value", "unit"), FACTORS, ids=lambda part: str(part).replace("/", " "))
def test_a_factor_of_the_table_is_filed_and_published_by_two(
    api: httpx.Client, author: Member, reviewer: Member, value: str, unit: str
):
    record = factor(f"table-{time.time_ns()}", value=value, unit=unit)
    draft = published(author, reviewer, record)
    assert [each["code"] for each in draft["warnings"]][:1] == ["NOTHING_TO_COMPARE_WITH"]
    shown = api.get(f"/v1/factors/{record['id']}/versions/1").raise_for_status().json()
    assert (shown["value"], shown["unit"], shown["status"]) == (value, unit, "published")
    listed = api.get("/v1/factors", params={"quantity": record["quantity"]}).json()["items"]
    assert [each["id"] for each in listed] == [record["id"]]


def test_one_who_filed_a_factor_neither_reviews_nor_publishes_it(api: httpx.Client, author: Member):
    record = factor(f"alone-{time.time_ns()}")
    read = {"hash": filed(author, "/factors", record).json()["hash"]}
    where = f"/factors/{record['id']}/versions/1"
    for step, body in (("reviews", {"decision": "approve", **read}), ("publication", read)):
        assert author.request("POST", f"{where}/{step}", json=body).status_code == 403
    assert api.get(f"/v1{where}").status_code == 404  # a draft is nobody's business
    assert author.get(f"/factors/drafts{where.removeprefix('/factors')}")["document"] == record


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"valid_from": "2026-02-30"}, "/valid_from"),
        ({"name": {"zh-CN": "a\u0000b", "en": "x"}}, "/name/zh-CN"),
        ({"publisher": "\u202eMEE"}, "/publisher"),
        ({"unit": "tCO2e/barrel"}, "/unit"),
        ({"value": "-1"}, "/value"),
        ({"quantity": "grid-electricity", "unit": "gCO2e/km"}, "/unit"),
    ],
)
def test_a_faulty_factor_is_refused_with_the_path_to_the_fault(
    author: Member, changes: dict[str, Any], pointer: str
):
    answer = filed(author, "/factors", factor(**{"quantity": "heat", **changes}))
    assert (answer.status_code, answer.json()["code"]) == (422, "DOCUMENT_INVALID")
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("name", ["a\u0000b", "a\u202eb", "a\u200bb", "a\tb"])
def test_a_programme_whose_name_cannot_be_read_is_refused(author: Member, name: str):
    preset = ROOT / "layers/puhui/python/puhui/programmes/presets/carbon-88.json"
    changed = json.loads(preset.read_text(encoding="utf-8"))
    changed |= {"id": "unreadable", "name": {"zh-CN": name, "en": "x"}}
    answer = filed(author, "/programmes", changed)
    assert (answer.status_code, answer.json()["code"]) == (422, "DOCUMENT_INVALID")
    assert answer.json()["errors"][0]["pointer"] == "/name/zh-CN"


def test_a_published_factor_counts_in_a_methodology_that_names_it(
    api: httpx.Client, author: Member, reviewer: Member
):
    quantity = f"heat-{time.time_ns()}"
    published(author, reviewer, factor(quantity, value="0.11", unit="tCO2e/GJ", profiles=["seed-2023"]))
    made = methodology(str(time.time_ns()))
    made["id"] = quantity
    made["inputs"] = [{"name": "consumed_wh", "unit": "Wh", "min": 1, "max": 10_000, "label": made["name"]}]
    made["act"] = {"zh-CN": "{consumed_wh}", "en": "{consumed_wh}"}
    made["formula"] = {
        "text": "heat",
        "factors": {"heat": quantity},
        "lines": [{"name": "baseline", "formula": "consumed_wh * heat"}],
    }
    # 1 kWh is 3.6 MJ: 0.0036 GJ x 0.11 t is 396 g, exactly.
    made["test_vectors"][0] |= {"inputs": {"consumed_wh": 1000}, "reduction_mg": 396_000}
    answer = filed(author, "/methodologies", made)
    assert answer.status_code == 201, answer.text


def test_eight_tonnes_a_trip_are_told_to_whoever_files_and_whoever_reviews(author: Member, reviewer: Member):
    made = methodology(str(time.time_ns()))
    made["formula"]["lines"][0]["formula"] = "trips * each * 40000"
    made["formula"].pop("discount")
    made["test_vectors"][0]["reduction_mg"] = 8_000_000_000
    answer = filed(author, "/methodologies", made)
    assert answer.status_code == 201, answer.text
    warnings = answer.json()["warnings"]
    assert [each["code"] for each in warnings] == ["FAR_ABOVE_PUBLISHED", "LARGE_ACT"]
    assert warnings[0]["pointer"] == "/test_vectors/0/reduction_mg"
    seen = reviewer.get(f"/methodologies/drafts/{made['id']}/versions/{made['version']}")
    assert seen["warnings"] == warnings
    ordinary = copy.deepcopy(methodology(str(time.time_ns())))
    assert filed(author, "/methodologies", ordinary).json()["warnings"] == []
