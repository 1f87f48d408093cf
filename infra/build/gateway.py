"""What API Gateway imports, derived from the contract: paths, methods, who may call, and the function of each operation.

`sam build` writes it, through the makefile of the layer; template.yaml includes it. Each path also answers the methods that
it does not declare. API Gateway calls every function, and the authoriser, as the one role ``GatewayRole`` of template.yaml.

There are three gateways, since one REST API has at most 300 resources and one rush must not use up everybody's throttle. The
first segment of a path decides which one serves it, for that is what a proxy in front can go by:

    business         /merchant..., /partner...: merchants and partners
    administration   what roles govern for the most part, and no member without a role writes or reads for itself
    members          all others

    python -m infra.build.gateway     prints the first segments of each
"""

import json
import os
import sys
from functools import lru_cache
from typing import Any

from infra.build import contract, gateway_responses
from infra.build.contract import ROOT, Operation

GATEWAYS = ("members", "business", "administration")
OUTPUT = ROOT / "made"
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


@lru_cache(maxsize=1)
def segments() -> dict[str, str]:
    """The gateway of each first segment of a path."""
    operations: dict[str, list[Operation]] = {}
    for operation in contract.operations():
        operations.setdefault(_first(operation.path), []).append(operation)
    return {segment: _gateway(segment, below) for segment, below in operations.items()}


def _gateway(segment: str, operations: list[Operation]) -> str:
    if segment.startswith(("merchant", "partner")):
        return "business"
    governed = sum(bool(operation.roles) for operation in operations)
    personal = any(not operation.public and not operation.roles for operation in operations)
    return "administration" if 2 * governed > len(operations) and not personal else "members"


def _first(path: str) -> str:
    return path.split("/")[1]


def documents() -> dict[str, dict[str, Any]]:
    """The document of each gateway, in the form that SAM itself gives API Gateway: no parameters, schemas or texts for people."""
    paths: dict[str, dict[str, Any]] = {name: {} for name in GATEWAYS}
    for operation in contract.operations():
        served = paths[segments()[_first(operation.path)]]
        methods = served.setdefault(operation.path, {ANY: _method(REFUSE_METHOD, public=True)})
        methods[operation.method.lower()] = _method(operation.function, public=operation.public)
    return {name: _document(name, served) for name, served in paths.items()}


def _document(name: str, paths: dict[str, Any]) -> dict[str, Any]:
    about = contract.document()
    return {
        "openapi": about["openapi"],
        "info": {"title": f"{about['info']['title']}: {name}", "version": about["info"]["version"]},
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


def text(document: dict[str, Any]) -> str:
    """A document as it is included. ASCII only: CloudFormation may spoil other characters."""
    return json.dumps(document, separators=(",", ":"))


def write() -> None:
    """Bring made/gateway-<name>.json up to date, each file replaced whole."""
    OUTPUT.mkdir(exist_ok=True)
    for name, document in documents().items():
        draft = OUTPUT / f".gateway-{name}.{os.getpid()}"
        draft.write_text(text(document), encoding="ascii")
        draft.replace(OUTPUT / f"gateway-{name}.json")


if __name__ == "__main__":
    for each in GATEWAYS:
        sys.stdout.write(
            " ".join([each, *sorted(f"/{key}" for key, name in segments().items() if name == each)]) + "\n"
        )
