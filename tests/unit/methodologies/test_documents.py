"""What is published: every document fits its schema and passes its own vectors; a faulty one is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.build.contract import ROOT
from puhui.kernel import regions, schemas
from puhui.kernel.documents import DocumentInvalid, content_hash, parse
from puhui.methodologies import publication, registry
from puhui.methodologies.model import Methodology

HERE = Path(registry.__file__).parent
DOCUMENTS = sorted((HERE / "documents").glob("*.json"))
FACTORS = sorted((HERE / "factors").glob("*.json"))
PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_bytes())
FIRST = {  # published before sources and kinds of evidence stood in documents
    "cycling-instead-of-car@1",
    "lights-off@1",
    "no-tableware@1",
    "subway-trip@1",
    "walking-instead-of-car@1",
}
Change = Callable[[dict[str, Any]], object]


def _check(text: bytes) -> Methodology:
    return publication.check_document(parse(text))


def _refused(check: Callable[[bytes], object], text: bytes) -> tuple[str, str]:
    with pytest.raises(DocumentInvalid) as raised:
        check(text)
    return raised.value.details["pointer"], raised.value.text("en")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_valid_and_its_vectors_hold(path: Path) -> None:
    methodology = _check(path.read_bytes())
    assert path.name == f"{methodology.id}.v{methodology.version}.json"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_has_three_vectors_its_sources_and_a_kind_of_evidence(path: Path) -> None:
    document = json.loads(path.read_bytes())
    if f"{document['id']}@{document['version']}" in FIRST:
        return
    assert len(document["test_vectors"]) >= 3
    assert len({vector["reduction_mg"] for vector in document["test_vectors"]}) >= 2
    assert document["sources"]
    assert document["evidence"]


@pytest.mark.parametrize("path", FACTORS, ids=lambda path: path.stem)
def test_a_list_of_factors_is_valid(path: Path) -> None:
    document = parse(path.read_bytes())
    assert document.keys() == {"factors"}
    for record in document["factors"]:
        publication.check_record(record)


def test_no_factor_version_stands_in_two_files() -> None:
    keys = [
        each["id"] + each["version"] for path in FACTORS for each in json.loads(path.read_bytes())["factors"]
    ]
    assert len(keys) == len(set(keys)) == len(registry.factors())


def test_a_published_version_never_changes() -> None:
    """published.json holds the hash of every version; a new version adds a line, and none is ever edited."""
    factors = (each for path in FACTORS for each in json.loads(path.read_bytes())["factors"])
    now = {f"factor {each['id']}@{each['version']}": content_hash(each) for each in factors}
    for name, versions in registry.versions().items():
        for version in versions:
            now[f"methodology {name}@{version}"] = registry.methodology(name, version).hash
    assert now == PUBLISHED


def test_the_hash_does_not_depend_on_how_the_document_is_written() -> None:
    document = json.loads(DOCUMENTS[0].read_bytes())
    shuffled = json.loads(json.dumps(dict(reversed(document.items())), indent=7))
    assert content_hash(shuffled) == content_hash(document)


WALKING = "walking-instead-of-car.v1.json"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda d: d.pop("act"), "/act"),
        (lambda d: d["formula"].update(multiply="steps"), "/formula/multiply"),
        (lambda d: d["formula"].update(multiply=["steps", {"eval": "1"}]), "/formula/multiply/1"),
        (lambda d: d["formula"].update(multiply=["steps", "steps"]), "/formula/multiply"),
        (lambda d: d["formula"].update(multiply=["miles", {"factor": "step-length"}]), "/formula/multiply"),
        (lambda d: d["formula"].update(multiply=["steps", {"factor": "step-length"}]), "/formula/multiply"),
        (lambda d: d["formula"]["multiply"].append({"factor": "subway-trip"}), "/formula/multiply"),
        (lambda d: d["formula"]["multiply"].append({"factor": "no-such-factor"}), "/formula/multiply"),
        (lambda d: d["inputs"][0].update(unit="furlong"), "/inputs/0/unit"),
        (lambda d: d["inputs"][0].update(min=10, max=9), "/inputs/0/min"),
        (lambda d: d["inputs"][0].update(max=10**30), "/inputs/0/max"),
        (lambda d: d["act"].update(en="{steps.__class__} {miles}"), "/act/en"),
        (lambda d: d["test_vectors"][1].update(reduction_mg=102), "/test_vectors/1/reduction_mg"),
        (lambda d: d["test_vectors"][1]["inputs"].update(steps=200_000), "/test_vectors/1/inputs/steps"),
        (lambda d: d["test_vectors"][1].update(inputs={"trips": 1}), "/test_vectors/1/inputs"),
    ],
)
def test_a_faulty_methodology_is_refused_with_the_path_to_the_fault(change: Change, pointer: str) -> None:
    document = json.loads((HERE / "documents" / WALKING).read_bytes())
    change(document)
    assert _refused(_check, json.dumps(document).encode())[0] == pointer


def test_grams_added_up_to_kilometres_are_no_reduction() -> None:
    document = json.loads((HERE / "documents" / WALKING).read_bytes())
    document["formula"]["multiply"].pop()
    _, detail = _refused(_check, json.dumps(document).encode())
    assert (
        detail == "The document at /formula/multiply is wrong: baseline: measures length, not a mass of CO2e"
    )


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda r: r.update(value=250), "/value"),
        (lambda r: r.update(value="2.5e2"), "/value"),
        (lambda r: r.update(value="-1"), "/value"),
        (lambda r: r.update(value="-0"), "/value"),
        (lambda r: r.update(value="0.0000000001"), "/value"),
        (lambda r: r.update(value="9" * 13), "/value"),
        (lambda r: r.update(unit="gCO2e/league"), "/unit"),
        (lambda r: r.update(mark="sure"), "/mark"),
        (lambda r: r.update(valid_from="soon"), "/valid_from"),
        (lambda r: r.pop("publisher"), "/publisher"),
        (lambda r: r.update(value=0.11), "/value"),
        (lambda r: r.update(x=1), "/x"),
    ],
)
def test_a_faulty_factor_is_refused_with_the_path_to_the_fault(change: Change, pointer: str) -> None:
    record = _record()
    change(record)
    refused = _refused(lambda text: publication.check_record(parse(text)), json.dumps(record).encode())
    assert refused[0] == pointer


def test_a_value_below_zero_is_told_so_and_what_is_no_decimal_how_to_write_it() -> None:
    told = {}
    for value in ("-1", "-0.5", "1,5", "-x"):
        with pytest.raises(DocumentInvalid) as raised:
            publication.check_record({**_record(), "value": value})
        told[value] = (raised.value.text("zh-CN"), raised.value.text("en"))
    below = ("文档在 /value 处有误：不能小于零", "The document at /value is wrong: may not be below zero")
    assert told["-1"] == told["-0.5"] == below
    for value in ("1,5", "-x"):
        assert "decimal" in told[value][1]
        assert "小数" in told[value][0]


def _record() -> dict[str, Any]:
    record: dict[str, Any] = json.loads((HERE / "factors" / "travel.json").read_bytes())["factors"][1]
    return record


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda d: d.update(published_on="2026-02-30"), "/published_on"),
        (lambda d: d["test_vectors"][0].update(occurred_on="2026-06-31"), "/test_vectors/0/occurred_on"),
        (lambda d: d["name"].update({"zh-CN": "a\x00b"}), "/name/zh-CN"),
        (lambda d: d["name"].update({"en": "a\u202eb"}), "/name/en"),
        (lambda d: d["act"].update({"zh-CN": "走 {steps"}), "/act/zh-CN"),
        (lambda d: d["act"].update({"en": "steps} {steps}"}), "/act/en"),
        (lambda d: d["act"].update({"en": "{ steps }"}), "/act/en"),
        (lambda d: d["test_vectors"][0].update(region="CN-GD-GZ-TH"), "/test_vectors/0/region"),
    ],
)
def test_what_nobody_could_read_or_no_calendar_has_is_refused(change: Change, pointer: str) -> None:
    document = json.loads((HERE / "documents" / WALKING).read_bytes())
    change(document)
    assert _refused(_check, json.dumps(document).encode())[0] == pointer


def test_a_city_is_a_region_everywhere() -> None:
    """One pattern: in documents' schemas, in the contract, in rewards, merchants and branches."""
    contract = yaml.safe_load((ROOT / "miniprogram_api.yaml").read_text(encoding="utf-8"))
    definition = schemas.DEFINITIONS["$defs"]["region"]
    region = contract["components"]["schemas"]["Region"]
    assert definition["pattern"].removesuffix("(?!\\n)") == region["pattern"] == regions.PATTERN
    assert definition["maxLength"] == region["maxLength"] == regions.LENGTH_MAX
    elsewhere = [
        path
        for folder in ("layers/puhui/python/puhui", "functions")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".json")
        and "contract" not in path.relative_to(ROOT).parts
        and "A-Z]{2}" in path.read_text(encoding="utf-8")
    ]
    assert {path.name for path in elsewhere} == {"regions.py", "definitions.schema.json"}
    assert (ROOT / "miniprogram_api.yaml").read_text(encoding="utf-8").count("A-Z]{2}") == 1
    document = json.loads((HERE / "documents" / WALKING).read_bytes())
    document["test_vectors"][0]["region"] = "CN-GD-GZ"
    publication.check_document(document)


@pytest.mark.parametrize("text", ["两行\n文字", "👨\u200d👩\u200d👧", "可食用🍎", "مرحبا"])
def test_what_people_write_is_text(text: str) -> None:
    document = json.loads((HERE / "documents" / WALKING).read_bytes())
    document["applicability"]["zh-CN"] = text
    publication.check_document(document)
