"""The public operations of programmes and methodologies, as functions: statuses, codes, and the contract's shapes."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from infra.build import contract
from tests.support.gateway import Answer, call

LIGHTS_OFF = {"programme_id": "carbon-88", "behaviour": "lights_off", "quantity": {"times": 1}}


def _require_shape(name: str, answer: Answer) -> None:
    schema = contract.resolved({"$ref": f"#/components/schemas/{name}"}, contract.document())
    Draft202012Validator(contract.json_schema(schema)).validate(answer.json)


def _quantify(methodology_id: str, **changes: Any) -> Answer:
    return call("quantify", path={"methodology_id": methodology_id}, body=LIGHTS_OFF | changes)


@pytest.mark.parametrize(
    ("operation", "path", "shape"),
    [
        ("list_programmes", {}, "ProgrammeList"),
        ("get_programme", {"programme_id": "carbon-88"}, "Programme"),
        ("get_programme", {"programme_id": "walk-and-win"}, "Programme"),
        ("get_programme", {"programme_id": "ant-forest"}, "Programme"),
        ("get_programme", {"programme_id": "beijing-maas"}, "Programme"),
        ("list_behaviours", {"programme_id": "carbon-88"}, "BehaviourList"),
        ("list_behaviours", {"programme_id": "walk-and-win"}, "BehaviourList"),
        ("list_methodologies", {}, "MethodologyList"),
        (
            "get_methodology_version",
            {"methodology_id": "walking-instead-of-car", "version": "1"},
            "MethodologyVersion",
        ),
    ],
)
def test_anyone_reads_what_is_published(operation: str, path: dict[str, str], shape: str) -> None:
    answer = call(operation, path=path, query={"limit": "100"} if operation.startswith("list_") else {})
    assert answer.status == 200
    _require_shape(shape, answer)


def test_anyone_learns_what_an_act_would_give() -> None:
    answer = _quantify("lights-off", occurred_at="2026-11-20T08:00:00+08:00")
    assert answer.status == 200
    assert (answer.json["credits_mg"], answer.json["points"]) == (65_500, 65)
    _require_shape("Quantification", answer)


@pytest.mark.parametrize(
    ("operation", "path", "code"),
    [
        ("get_programme", {"programme_id": "carbon-89"}, "PROGRAMME_NOT_FOUND"),
        ("list_behaviours", {"programme_id": "carbon-89"}, "PROGRAMME_NOT_FOUND"),
        ("get_methodology_version", {"methodology_id": "rain", "version": "1"}, "METHODOLOGY_NOT_FOUND"),
        (
            "get_methodology_version",
            {"methodology_id": "lights-off", "version": "9"},
            "METHODOLOGY_NOT_FOUND",
        ),
    ],
)
def test_what_is_not_published_is_not_found(operation: str, path: dict[str, str], code: str) -> None:
    answer = call(operation, path=path)
    assert (answer.status, answer.json["code"]) == (404, code)


@pytest.mark.parametrize(
    ("methodology_id", "changes", "status", "code"),
    [
        ("rain", {}, 404, "METHODOLOGY_NOT_FOUND"),
        ("lights-off", {"programme_id": "carbon-89"}, 404, "PROGRAMME_NOT_FOUND"),
        ("lights-off", {"programme_id": "walk-and-win"}, 422, "BEHAVIOUR_UNKNOWN"),
        ("lights-off", {"behaviour": "cycling"}, 422, "METHODOLOGY_MISMATCH"),
        ("lights-off", {"quantity": {"trips": 1}}, 422, "QUANTITY_INVALID"),
        ("lights-off", {"quantity": {"times": 4}}, 422, "QUANTITY_INVALID"),
        ("lights-off", {"region": "US"}, 422, "FACTOR_UNAVAILABLE"),
        ("lights-off", {"quantity": {"times": 1.5}}, 400, "INVALID_REQUEST"),
        ("lights-off", {"quantity": {"times": -1}}, 400, "INVALID_REQUEST"),
    ],
)
def test_what_cannot_be_quantified_is_refused_with_a_reason(
    methodology_id: str, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = _quantify(methodology_id, **changes)
    assert (answer.status, answer.json["code"]) == (status, code)
