"""miniprogram_api.yaml holds what it promises its readers: API Gateway, front ends, the generator, people."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from infra.build import codes, contract, gateway_responses
from infra.build.contract import ROOT, Operation, json_schema, resolved
from puhui.activities.risk.rules import rules
from puhui.kernel import words
from tests.support import gateway

OPERATIONS = list(contract.operations())
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)


def test_the_contract_is_openapi_3_0_1() -> None:
    assert contract.document()["openapi"] == "3.0.1"
    validate(contract.document())
    validate(contract.expanded())


def test_an_operation_writes_down_only_what_is_its_own() -> None:
    """What any operation may answer is ``default``, what all have in common is written for the path or the document."""
    for path, item in contract.document()["paths"].items():
        methods = {method: item[method] for method in contract.METHODS if method in item}
        for method, operation in methods.items():
            written, whole = operation["responses"], contract.expanded()["paths"][path][method]
            assert written["default"] == {"$ref": "#/components/responses/Problem"}
            assert operation.get("security", []) == []
            folded = {"400", "413", "415", "429", "503", *({"401", "403"} if whole["security"] else ())}
            assert not folded & written.keys(), operation["operationId"]
        assert {"parameters", *methods} >= item.keys()


def test_an_operation_takes_few_lines() -> None:
    text = contract.CONTRACT.read_text(encoding="utf-8")
    paths = text[text.index("\npaths:") : text.index("\ncomponents:")]
    assert paths.count("\n") <= 30 * len(OPERATIONS)


def test_operation_ids_are_unique() -> None:
    ids = [operation.id for operation in OPERATIONS]
    assert len(ids) == len(set(ids))


def test_nothing_needs_patch_which_mini_programs_cannot_send() -> None:
    assert {operation.method for operation in OPERATIONS} <= {"GET", "POST", "PUT", "DELETE"}


@each_operation
def test_an_operation_is_described_in_chinese_and_in_english(operation: Operation) -> None:
    chinese, english = operation.spec["description"].strip().split("\n\n")
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert re.search(r"[A-Za-z]{3}", english)
    assert not re.search(r"[\u4e00-\u9fff]", english)
    assert operation.spec["summary"].isascii()
    assert operation.spec["tags"]


@each_operation
def test_an_operation_lists_the_problems_it_answers_with(operation: Operation) -> None:
    expected = {"400", "429", "503"}
    if not operation.public:
        expected |= {"401", "403"}
    if "requestBody" in operation.spec:
        expected |= {"413"}
    if operation.body():
        expected |= {"415"}
    if operation.parameters("path") and operation.id != "put_consent":  # its purposes are an enumeration
        expected |= {"404"}
    assert expected <= operation.spec["responses"].keys()
    for status, answer in operation.spec["responses"].items():
        if status >= "400":
            problem = answer["content"]["application/problem+json"]
            assert problem["example"]["status"] == int(status)


@each_operation
def test_every_example_fits_its_schema(operation: Operation) -> None:
    shown = list(_examples(operation))
    assert shown
    for schema, example in shown:
        closed = gateway.closed(json_schema(schema))  # nothing is shown that is not declared
        jsonschema.validate(example, closed, format_checker=jsonschema.FormatChecker())


@each_operation
def test_an_operation_is_public_or_asks_for_a_token(operation: Operation) -> None:
    assert operation.spec["security"] in ([], [{"member_token": []}])
    assert not (operation.roles and operation.public)


@each_operation
def test_a_request_body_is_closed_and_bounded(operation: Operation) -> None:
    schemas = [
        operation.body() or {},
        operation.parameter_schema("path"),
        operation.parameter_schema("query"),
    ]
    for schema in schemas:
        for node in _nodes(schema):
            # An object without properties but with a limit is a document: its own schema checks it.
            is_document = "properties" not in node and "maxProperties" in node
            if (
                node.get("type") == "object"
                and "x-puhui-unknown-query" not in operation.spec
                and not is_document
            ):
                assert node["additionalProperties"] is False
            if node.get("type") == "string" and "enum" not in node:
                assert {"maxLength", "pattern"} <= node.keys()
            if node.get("type") == "integer":
                assert {"minimum", "maximum"} <= node.keys()
            if node.get("type") == "array":
                assert "maxItems" in node
            assert node.get("type") != "number"


def test_the_contract_is_plain_openapi_whose_names_api_gateway_takes() -> None:
    whole = contract.document()
    assert all(re.fullmatch(r"[A-Za-z0-9]+", name) for name in whole["components"]["schemas"])
    for path in whole["paths"]:
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+|\{[a-z_]+\}", part) for part in path.strip("/").split("/"))
    for schema in whole["components"]["schemas"].values():
        for node in _nodes(schema):
            assert not {"oneOf", "anyOf", "discriminator", "exclusiveMinimum", "readOnly"} & node.keys()
    text = contract.CONTRACT.read_text(encoding="utf-8")
    assert not re.search(r"x-amazon-|Fn::|\$\{AWS", text), (
        "infra/build/gateway.py adds what API Gateway needs"
    )
    for operation in OPERATIONS:
        assert all(re.fullmatch(r"[1-5][0-9]{2}", status) for status in operation.spec["responses"])
    schemes = whole["components"]["securitySchemes"].values()
    assert {scheme["type"] for scheme in schemes} == {"apiKey"}


def test_what_the_gateway_itself_refuses_is_a_problem_too() -> None:
    answers = gateway_responses.document()
    wanted = (
        "UNAUTHORIZED ACCESS_DENIED MISSING_AUTHENTICATION_TOKEN THROTTLED QUOTA_EXCEEDED REQUEST_TOO_LARGE"
    )
    assert {*wanted.split(), "UNSUPPORTED_MEDIA_TYPE", "DEFAULT_5XX"} <= answers.keys()
    problem = json_schema(resolved({"$ref": "#/components/schemas/Problem"}, contract.document()))
    for answer in answers.values():
        parameters = answer["responseParameters"]
        assert parameters["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        shown = json.loads(answer["responseTemplates"]["application/json"])
        jsonschema.validate(shown, problem)
        assert shown["status"] == answer["statusCode"]


def test_the_gateway_speaks_one_language_and_says_which() -> None:
    """It cannot choose: its templates know no conditions. Whoever reads another language goes by ``code``."""
    for answer in gateway_responses.document().values():
        shown = json.loads(answer["responseTemplates"]["application/json"])
        assert answer["responseParameters"]["gatewayresponse.header.Content-Language"] == "'zh-CN'"
        for text in (shown["title"], shown["detail"]):
            assert re.search(r"[\u4e00-\u9fff]", text)
            assert not re.search(r"[A-Za-z]+ [A-Za-z]+", text)


def test_every_enumeration_and_object_has_a_name() -> None:
    """What a generator makes of the contract has names that people can say. (A default stands beside its enumeration.)"""

    def unnamed(node: dict[str, Any], path: str) -> Iterator[str]:
        below = [(f"{path}.{name}", child) for name, child in node.get("properties", {}).items()]
        below += [(f"{path}.{key}", node[key]) for key in ("items", "additionalProperties") if key in node]
        for where, child in below:
            if isinstance(child, dict):
                if ("enum" in child and "default" not in child) or "properties" in child:
                    yield where
                yield from unnamed(child, where)

    schemas = contract.document()["components"]["schemas"]

    assert not [where for name, schema in schemas.items() for where in unnamed(schema, name)]


LISTS = [operation for operation in OPERATIONS if operation.id.startswith("list_")]
ONE_STATUS = {  # what is published, who is certified, what was imported
    "list_methodologies",
    "list_merchants",
    "list_factors",
    "list_imports",
    "list_imported_activities",
}
ONE_PROGRAMME = {
    "list_memberships",
    "list_merchant_rewards",
    "list_proposals",
    "list_merchant_settlements",
    "list_imported_activities",
}  # one each; a merchant's own; in the path


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.id)
def test_lists_are_alike(operation: Operation) -> None:
    asked = {parameter["name"] for parameter in operation.parameters("query")}
    answer = operation.spec["responses"]["200"]["content"]["application/json"]["schema"]
    shown = answer["properties"]["items"]["items"]["properties"]

    assert {"limit", "cursor"} <= asked
    assert {"items", "next_cursor"} == set(answer["required"])
    if "status" in shown and operation.id not in ONE_STATUS:
        assert "status" in asked or "merchant_id" in asked
    if "programme_id" in shown and operation.id not in ONE_PROGRAMME:
        assert "programme_id" in asked


def test_vocabularies_have_a_name_for_whatever_the_contract_lists() -> None:
    schemas = contract.document()["components"]["schemas"]

    listed = re.search(r"\^\((.*)\|partner:", schemas["Purpose"]["pattern"])
    assert listed
    assert set(listed[1].split("|")) == words.PURPOSES.keys()
    assert set(schemas["ExpiryChoiceName"]["enum"]) == words.CHOICES.keys()
    assert words.REASONS.keys() >= set(schemas["ReviewReason"]["enum"])
    listed = set(re.findall(r"\b[A-Z_]{5,}\b", schemas["MerchantReason"]["description"]))
    assert "COMPLAINTS" in listed <= words.REASONS.keys()


REASON = re.compile(r"""reason_code[\"']?\s*(?::\s*str\s*)?(?:=|:|==|!=)\s*[\"']?([A-Z][A-Z0-9_]+)\b""")


def test_every_reason_that_the_house_gives_has_its_sentence() -> None:
    """A reason that only a person makes up is told as such; whatever stands in the sources has a sentence of its own."""
    folders = (ROOT / "layers/puhui/python/puhui", ROOT / "functions", ROOT / "infra/workflows")
    sources = [path for folder in folders for path in folder.rglob("*.*") if path.suffix in (".py", ".json")]
    texts = [path.read_text(encoding="utf-8") for path in sources]
    given = {code for text in texts for code in REASON.findall(text)}  # itself, or a constant of its name
    given = {code for code in given if any(f'"{code}"' in text for text in texts)}

    assert {"FILE_MISSING", "CANCELLED_BY_MEMBER"} <= given
    assert {
        *given,
        *(code for rule in rules() for code in (rule.id, rule.reason_code)),
    } <= words.REASONS.keys()


def test_whatever_takes_an_owner_can_be_told_whose_it_is() -> None:
    """``owner_id`` of a friend's act stands where the act is listed."""
    listed = contract.document()["components"]["schemas"]["RipeActivity"]
    assert "owner_id" in listed["required"]


def test_every_error_code_stands_in_the_contract_with_its_sentence() -> None:
    told = contract.document()["components"]["schemas"]["ErrorCode"]

    assert told == codes.schema(), "python -m infra.build.codes writes it anew"


def _examples(operation: Operation) -> Iterator[tuple[dict[str, Any], Any]]:
    holders = [operation.spec.get("requestBody", {}), *operation.spec["responses"].values()]
    for holder in holders:
        for content in holder.get("content", {}).values():
            yield content["schema"], content["example"]
    if operation.spec["responses"].keys() >= {"204"}:
        yield {}, None


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            if key == "properties":
                for child in value.values():
                    yield from _nodes(child)
            elif key in ("items", "additionalProperties"):
                yield from _nodes(value)


def test_no_text_lets_half_a_surrogate_pair_through() -> None:
    """Such a text is no UTF-8: it could be written nowhere and answered to nobody."""

    def patterns(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("pattern"), str):
                yield node["pattern"]
            node = list(node.values())
        for each in node if isinstance(node, list) else ():
            yield from patterns(each)

    through = {
        pattern
        for pattern in patterns(contract.document())
        for text in ("\ud800", "a\udfff", *("\ud800" * length for length in range(2, 65)))
        if re.search(pattern, text)
    }
    assert not through
