"""What API Gateway imports, derived from the contract: paths, methods, who may call, and the function of each operation.

`sam build` writes it, through the makefile of the layer; template.yaml includes it. Each path also answers the methods that
it does not declare. API Gateway calls every function, and the authoriser, as the one role ``GatewayRole`` of template.yaml.
"""

import json
import os
from typing import Any

from infra.build import contract, gateway_responses
from infra.build.contract import ROOT

OUTPUT = ROOT / "made/gateway.json"
ANY = "x-amazon-apigateway-any-method"
REFUSE_METHOD = "refuse-method"
AUTHORISE = "authorise"
AUTHORISER = "member_token"
ROLE = {"Fn::GetAtt": ["GatewayRole", "Arn"]}
AUTHORISER_SECONDS = 300  # how long API Gateway keeps an answer of the authoriser
_TOKEN = r"^[Bb][Ee][Aa][Rr][Ee][Rr] +[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"  # noqa: S105 its form
_URI = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:${AWS::Partition}:lambda:"
    "${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-%s/invocations"
)


def document() -> dict[str, Any]:
    """The document, in the form that SAM itself gives API Gateway: no parameters, no schemas, no texts for people."""
    paths: dict[str, Any] = {}
    for operation in contract.operations():
        methods = paths.setdefault(operation.path, {ANY: _method(REFUSE_METHOD, public=True)})
        methods[operation.method.lower()] = _method(operation.function, public=operation.public)
    about = contract.document()
    return {
        "openapi": about["openapi"],
        "info": {"title": about["info"]["title"], "version": about["info"]["version"]},
        "paths": paths,
        "components": {"securitySchemes": {AUTHORISER: _authoriser()}},
        "x-amazon-apigateway-gateway-responses": gateway_responses.document(),
    }


def _method(function: str, *, public: bool) -> dict[str, Any]:
    return {
        "security": [] if public else [{AUTHORISER: []}],
        "responses": {},
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": {"Fn::Sub": _URI % function},
            "credentials": ROLE,
        },
    }


def _authoriser() -> dict[str, Any]:
    return {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "token",
            "authorizerUri": {"Fn::Sub": _URI % AUTHORISE},
            "authorizerCredentials": ROLE,
            "authorizerResultTtlInSeconds": AUTHORISER_SECONDS,
            "identityValidationExpression": _TOKEN,
        },
    }


def write() -> None:
    """Bring OUTPUT up to date, replaced whole. ASCII only: CloudFormation may spoil other characters."""
    OUTPUT.parent.mkdir(exist_ok=True)
    draft = OUTPUT.with_name(f".{OUTPUT.name}.{os.getpid()}")
    draft.write_text(json.dumps(document(), separators=(",", ":")), encoding="ascii")
    draft.replace(OUTPUT)
