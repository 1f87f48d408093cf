"""The local API Gateway calls a function only as a role that trusts it and may call that function: on AWS nothing else works."""

import asyncio
import json
from typing import Any

import pytest
from ministack.services import iam

from infra.local import mended_gateway

ROLE = "arn:aws:iam::000000000000:role/gateway"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:puhui-get-me"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
TRUSTED = {
    "Effect": "Allow",
    "Principal": {"Service": "apigateway.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
CALLS = {
    "Effect": "Allow",
    "Action": "lambda:InvokeFunction",
    "Resource": f"{FUNCTION.removesuffix('get-me')}*",
}


@pytest.fixture
def role() -> Any:
    """A role as template.yaml makes it; a test spoils it."""
    iam._roles["gateway"] = {
        "AssumeRolePolicyDocument": json.dumps({"Statement": [TRUSTED]}),
        "InlinePolicies": {"call": json.dumps({"Statement": [CALLS]})},
    }
    yield iam._roles["gateway"]
    del iam._roles["gateway"]


def test_the_role_may_call_the_functions_of_its_stack(role: Any) -> None:
    assert role
    assert mended_gateway.allowed(ROLE, FUNCTION)


def test_nothing_else_may(role: Any) -> None:
    assert not mended_gateway.allowed(None, FUNCTION)
    assert not mended_gateway.allowed(f"{ROLE}-of-another", FUNCTION)
    assert not mended_gateway.allowed(ROLE, FUNCTION.replace("puhui", "other"))
    role["InlinePolicies"] = {"call": json.dumps({"Statement": [{**CALLS, "Action": "lambda:GetFunction"}]})}
    assert not mended_gateway.allowed(ROLE, FUNCTION)


def test_a_role_that_does_not_trust_api_gateway_is_not_assumed(role: Any) -> None:
    other = {**TRUSTED, "Principal": {"Service": "lambda.amazonaws.com"}}
    role["AssumeRolePolicyDocument"] = json.dumps({"Statement": [other]})
    assert not mended_gateway.allowed(ROLE, FUNCTION)


def test_a_call_without_a_role_fails_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    answer = asyncio.run(mended_gateway.call({"uri": URI}))
    assert answer.response_type == "API_CONFIGURATION_ERROR"
    assert f"may not call {FUNCTION} as the role (none)" in caplog.text


def test_an_authoriser_without_a_role_authorises_nobody() -> None:
    assert asyncio.run(mended_gateway.authorise({"authorizerUri": URI})) is None
