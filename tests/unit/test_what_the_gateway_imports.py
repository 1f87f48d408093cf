"""What API Gateway imports: every operation with its own function, called as the one role, and 405 for other methods."""

import json
from typing import Any

import pytest
from ministack.services import apigateway_v1
from samtranslator.yaml_helper import yaml_parse

from infra.build import contract, gateway
from infra.build.contract import ROOT
from infra.local import mended_ministack
from puhui.edge.contract.methods import METHODS
from tests.support import gateway as calls

INTEGRATION = "x-amazon-apigateway-integration"
MADE = gateway.document()
METHODS_MADE = [(path, method, each) for path, item in MADE["paths"].items() for method, each in item.items()]
ROLE = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Resources"]["GatewayRole"][
    "Properties"
]


def test_it_has_the_operations_of_the_contract_and_an_any_method_on_every_path() -> None:
    made = {(path, method) for path, method, _ in METHODS_MADE}
    declared = {(operation.path, operation.method.lower()) for operation in contract.operations()}
    assert made == declared | {(path, gateway.ANY) for path in METHODS}


def test_an_operation_reaches_its_own_function_behind_its_own_lock() -> None:
    for operation in contract.operations():
        method = MADE["paths"][operation.path][operation.method.lower()]
        integration = method[INTEGRATION]
        assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
        assert _function(integration["uri"]) == operation.function
        assert method["security"] == operation.spec["security"]


def test_another_method_of_a_path_is_refused_without_a_token() -> None:
    for path in METHODS:
        method = MADE["paths"][path][gateway.ANY]
        assert method["security"] == []
        assert _function(method[INTEGRATION]["uri"]) == "refuse-method"


def test_every_call_of_a_function_is_made_as_the_role_and_the_role_may_call_this_stacks_functions_only() -> (
    None
):
    authoriser = MADE["components"]["securitySchemes"]["member_token"]["x-amazon-apigateway-authorizer"]
    named = [each[INTEGRATION]["credentials"] for _, _, each in METHODS_MADE]
    assert [*named, authoriser["authorizerCredentials"]] == [gateway.ROLE] * (len(METHODS_MADE) + 1)
    assert _function(authoriser["authorizerUri"]) == "authorise"

    trust = ROLE["AssumeRolePolicyDocument"]["Statement"]
    assert [(each["Principal"], each["Action"]) for each in trust] == [
        ({"Service": "apigateway.amazonaws.com"}, "sts:AssumeRole")
    ]
    (policy,) = ROLE["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "lambda:InvokeFunction")
    assert statement["Resource"]["Fn::Sub"].split(":function:")[1] == "${AWS::StackName}-*"
    assert "ManagedPolicyArns" not in ROLE


def test_no_template_gives_api_gateway_another_permission() -> None:
    for path in [ROOT / "template.yaml", *(ROOT / "infra/stacks").glob("*.yaml")]:
        assert "AWS::Lambda::Permission" not in path.read_text(encoding="utf-8"), path.name


def _function(uri: dict[str, str]) -> str:
    """The function's name after the stack's."""
    head, _, tail = uri["Fn::Sub"].partition(":function:${AWS::StackName}-")
    assert "arn:aws:" not in head
    name, _, ending = tail.partition("/")
    assert ending == "invocations"
    return name


def test_the_emulator_imports_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apigateway_v1, "_OPENAPI_HTTP_METHODS", {*apigateway_v1._OPENAPI_HTTP_METHODS, "any"})
    monkeypatch.setattr(apigateway_v1, "_import_path_item", mended_ministack.import_path)
    api_id = apigateway_v1._import_rest_api(json.loads(json.dumps(MADE)))
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
