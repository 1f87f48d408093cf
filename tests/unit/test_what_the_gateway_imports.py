"""What API Gateway imports is the contract, with an answer to methods that a path does not have."""

import json
from typing import Any

import pytest
from ministack.services import apigateway_v1

from infra.build import contract, gateway
from infra.local import mended_ministack
from puhui.edge.contract.methods import METHODS
from tests.support import gateway as calls

TEMPLATE_BYTES_MAX = 1_000_000  # CloudFormation's limit for a template with what it includes


def test_every_path_has_an_any_method_and_declares_else_what_the_contract_does() -> None:
    made, whole = gateway.document(), contract.document()
    for path, item in made["paths"].items():
        refusing = item.pop(gateway.ANY)
        assert refusing["security"] == []
        uri = refusing["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        assert uri.endswith("function:${AWS::StackName}-refuse-method/invocations")
        assert path in METHODS
        assert item.keys() == whole["paths"][path].keys()
    assert made["components"]["schemas"].keys() == whole["components"]["schemas"].keys()
    errors = made["components"]["schemas"]["Problem"]["properties"]
    assert errors.keys() == whole["components"]["schemas"]["Problem"]["properties"].keys()


def test_it_is_small_enough_for_cloudformation() -> None:
    text = json.dumps(gateway.document(), default=str, separators=(",", ":"))
    assert text.isascii()
    assert len(text) < TEMPLATE_BYTES_MAX / 2


def test_the_emulator_imports_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apigateway_v1, "_OPENAPI_HTTP_METHODS", {*apigateway_v1._OPENAPI_HTTP_METHODS, "any"})
    monkeypatch.setattr(apigateway_v1, "_import_path_item", mended_ministack.import_path)
    api_id = apigateway_v1._import_rest_api(json.loads(json.dumps(gateway.document(), default=str)))
    served = {
        resource["path"]: set(resource.get("resourceMethods", {}))
        for resource in apigateway_v1._resources[api_id].values()
    }
    for path, methods in METHODS.items():
        assert served[path] == {*methods.split(", "), "ANY"}


def test_an_undeclared_method_is_told_those_that_there_are() -> None:
    event: dict[str, Any] = {
        "resource": "/me",
        "httpMethod": "PATCH",
        "headers": {"accept-language": "en"},
        "requestContext": {"requestId": "r"},
    }
    app = calls.load(calls.source("refuse_method")).app
    for headers, language in ((event["headers"], "en"), (None, "zh-CN")):
        answer = app({**event, "headers": headers}, None)
        sent = {**answer["headers"], **{k: v[-1] for k, v in answer["multiValueHeaders"].items()}}
        assert (answer["statusCode"], sent["Allow"]) == (405, "GET, PUT")
        assert (json.loads(answer["body"])["code"], sent["Content-Language"]) == (
            "METHOD_NOT_ALLOWED",
            language,
        )
