"""What API Gateway imports: every operation with its own function, called as the one role, and 405 for other methods."""

import json
from typing import Any

import pytest
from ministack.services import apigateway_v1
from samtranslator.yaml_helper import yaml_parse

from infra.build import contract, gateway, gateway_responses
from infra.build.contract import ROOT
from infra.local import mended_gateway
from puhui.edge.contract.methods import METHODS
from tests.support import gateway as calls

INTEGRATION = "x-amazon-apigateway-integration"
MADE = gateway.documents()
PATHS = {path: item for document in MADE.values() for path, item in document["paths"].items()}
IMPORTED = [(path, method, each) for path, item in PATHS.items() for method, each in item.items()]
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Resources"]


def test_together_they_have_each_path_once() -> None:
    assert sum(len(document["paths"]) for document in MADE.values()) == len(PATHS)
    assert PATHS.keys() == METHODS.keys()


def test_they_have_the_operations_of_the_contract_and_an_any_method_on_every_path() -> None:
    made = {(path, method) for path, method, _ in IMPORTED}
    declared = {(operation.path, operation.method.lower()) for operation in contract.operations()}
    assert made == declared | {(path, gateway.ANY) for path in METHODS}


def test_paths_with_one_first_segment_have_one_gateway() -> None:
    for name, document in MADE.items():
        assert {gateway.segments()[path.split("/")[1]] for path in document["paths"]} == {name}


def test_a_proxy_can_tell_the_gateways_apart_by_how_a_path_begins() -> None:
    for segment, name in gateway.segments().items():
        alike = {gateway.segments()[each] for each in gateway.segments() if each.startswith(segment)}
        assert name == "members" or alike == {name}


def test_members_meet_members_operations_only_where_members_are_served() -> None:
    """Who needs no role finds it at the members' gateway, or acts for a merchant or partner."""
    for operation in contract.operations():
        name = gateway.segments()[operation.path.split("/")[1]]
        assert name != "administration" or operation.public or operation.roles, operation.id
    assert {"/me", "/activities", "/redemptions", "/sessions"} <= MADE["members"]["paths"].keys()
    assert {"/merchants", "/partners/{partner_id}"} <= MADE["business"]["paths"].keys()
    assert {"/settlements", "/reviews", "/factors"} <= MADE["administration"]["paths"].keys()


def test_an_operation_reaches_its_own_function_behind_its_own_lock() -> None:
    for operation in contract.operations():
        method = PATHS[operation.path][operation.method.lower()]
        integration = method[INTEGRATION]
        assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
        assert _function(integration["uri"]) == operation.function
        assert method["security"] == operation.spec["security"]


def test_another_method_of_a_path_is_refused_without_a_token() -> None:
    for path in METHODS:
        method = PATHS[path][gateway.ANY]
        assert method["security"] == []
        assert _function(method[INTEGRATION]["uri"]) == "refuse-method"


def test_every_call_of_a_function_is_made_as_the_role() -> None:
    assert [each[INTEGRATION]["credentials"] for _, _, each in IMPORTED] == [gateway.ROLE] * len(IMPORTED)
    for document in MADE.values():
        scheme = document["components"]["securitySchemes"]["member_token"]
        authoriser = scheme["x-amazon-apigateway-authorizer"]
        assert authoriser["authorizerCredentials"] == gateway.ROLE
        assert _function(authoriser["authorizerUri"]) == "authorise"


def test_the_role_is_api_gateways_and_may_call_this_stacks_functions_and_nothing_else() -> None:
    role = TEMPLATE[gateway.ROLE["Fn::GetAtt"][0]]["Properties"]
    assert role.keys() == {"AssumeRolePolicyDocument", "Policies"}
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Principal"], trust["Action"]) == (
        {"Service": "apigateway.amazonaws.com"},
        "sts:AssumeRole",
    )
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": {
            "Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-*"
        },
    }


def test_no_template_gives_api_gateway_another_permission() -> None:
    for path in [ROOT / "template.yaml", *(ROOT / "infra/stacks").glob("*.yaml")]:
        assert "AWS::Lambda::Permission" not in path.read_text(encoding="utf-8"), path.name


def test_the_root_includes_each_and_their_bursts_are_together_one_accounts() -> None:
    apis = {name: TEMPLATE[f"{name.title()}Api"]["Properties"] for name in gateway.GATEWAYS}
    for name, api in apis.items():
        included = api["DefinitionBody"]["Fn::Transform"]["Parameters"]["Location"]
        assert included == f"made/gateway-{name}.json"
        assert api["StageName"] == "v1"
    bursts = [api["MethodSettings"][0]["ThrottlingBurstLimit"] for api in apis.values()]
    assert sum(bursts) <= 5000
    assert sum(resource["Type"] == "AWS::Serverless::Api" for resource in TEMPLATE.values()) == len(apis)


def _function(uri: dict[str, str]) -> str:
    """The function's name after the stack's."""
    head, _, tail = uri["Fn::Sub"].partition(":function:${AWS::StackName}-")
    assert "arn:aws:" not in head
    name, _, ending = tail.partition("/")
    assert ending == "invocations"
    return name


@pytest.mark.parametrize("name", gateway.GATEWAYS)
def test_the_emulator_imports_all_of_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apigateway_v1, "_OPENAPI_HTTP_METHODS", {*apigateway_v1._OPENAPI_HTTP_METHODS, "any"})
    monkeypatch.setattr(apigateway_v1, "_import_path_item", mended_gateway.import_path)
    monkeypatch.setattr(apigateway_v1, "_import_operation", mended_gateway.import_operation)
    document = json.loads(gateway.text(MADE[name]))
    api_id = mended_gateway.import_rest_api(document)
    served = {resource["path"]: resource for resource in apigateway_v1._resources[api_id].values()}
    for path in document["paths"]:
        methods = served[path]["resourceMethods"]
        assert set(methods) == {*METHODS[path].split(", "), "ANY"}
        assert {each["methodIntegration"]["credentials"]["Fn::GetAtt"][0] for each in methods.values()} == {
            "GatewayRole"
        }
    answers = apigateway_v1._gateway_responses[api_id]
    assert answers.keys() == gateway_responses.document().keys()
    assert answers["UNAUTHORIZED"]["statusCode"] == "401"


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
        assert (answer["statusCode"], sent["Allow"]) == (405, "GET, PUT, DELETE")
        assert (json.loads(answer["body"])["code"], sent["Content-Language"]) == (
            "METHOD_NOT_ALLOWED",
            language,
        )
