"""API Gateway in a test: finds the function of an operation and calls it with the event of a REST API.

    answer = call("get_activity", member="01...", path={"activity_id": "01..."})
    assert answer.status == 200 and answer.json["status"] == "credited"

The environment variables that the function reads at import must be set before the first call of an operation. Whatever a
function answers is what the contract declares, and not a member more: a typed client would lose it.
"""

import importlib.util
import json
import sys
from functools import cache
from pathlib import Path
from time import time
from types import ModuleType
from typing import Any, NamedTuple

import jsonschema

from infra.build import contract
from infra.build.contract import ROOT, Operation, Schema, json_schema
from puhui.kernel import languages

FUNCTIONS = ROOT / "functions"
OPERATIONS = {operation.id: operation for operation in contract.operations()}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]  # lower-case names
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class _Context:
    aws_request_id = "00000000-0000-4000-8000-000000000000"
    function_name = "test"
    memory_limit_in_mb = 256

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def call(
    operation_id: str,
    *,
    member: str = "",
    roles: tuple[str, ...] = ("member",),
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: Any = None,
) -> Answer:
    """The operation's answer to ``member`` (empty: no token). A ``body`` that is no text is sent as JSON."""
    operation = OPERATIONS[operation_id]
    sent = event(operation, member=member, roles=roles, path=path, query=query, headers=headers, body=body)
    got = handler(operation_id).app(sent, _Context())
    multi = {name.lower(): values[-1] for name, values in (got.get("multiValueHeaders") or {}).items()}
    single = {name.lower(): value for name, value in (got.get("headers") or {}).items()}
    answer = Answer(got["statusCode"], {**multi, **single}, got["body"])
    if answer.status < 300 and (declared := declared_answer(operation_id, answer.status)):
        declared.validate(answer.json)
    return answer


def declares(operation_id: str, status: int, body: Any) -> bool:
    """Whether the contract declares such an answer; ``body`` is as a use case gives it, with texts in both languages. Raises
    ValidationError, which says what is not declared."""
    declared = declared_answer(operation_id, status)
    assert declared is not None
    declared.validate(languages.in_language(body, languages.ENGLISH))
    return True


@cache
def declared_answer(operation_id: str, status: int) -> jsonschema.Draft7Validator | None:
    """What the contract says that an operation answers in JSON with this status; None where it is no JSON. A member that
    is not declared does not fit."""
    answer = OPERATIONS[operation_id].spec["responses"][str(status)]
    shown = answer.get("content", {}).get("application/json")
    return jsonschema.Draft7Validator(closed(json_schema(shown["schema"]))) if shown else None


def closed(schema: Schema) -> Schema:
    """The schema with every object that declares members taking no other ones."""
    shut = {**schema}
    if "properties" in schema:
        shut["properties"] = {name: closed(child) for name, child in schema["properties"].items()}
        shut.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            shut[key] = closed(schema[key])
    return shut


@cache
def handler(operation_id: str) -> ModuleType:
    """The module ``functions/<context>/<operation_id>/app.py``. Raises LookupError when there is none."""
    return load(source(operation_id))


def source(operation_id: str) -> Path:
    """Where the function of an operation is. Raises LookupError when it is nowhere, or in two contexts."""
    found = sorted(FUNCTIONS.glob(f"*/{operation_id}/app.py"))
    if len(found) != 1:
        raise LookupError(
            f"{operation_id}: one functions/<context>/{operation_id}/app.py is needed, found {found}"
        )
    return found[0]


def load(app: Path) -> ModuleType:
    """Import an ``app.py`` under a name of its own, since all have the same file name."""
    name = "functions_under_test." + ".".join(app.relative_to(FUNCTIONS).parts[:-1])
    spec = importlib.util.spec_from_file_location(name, app)
    if spec is None or spec.loader is None:
        raise LookupError(f"{app} cannot be imported")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event(
    operation: Operation,
    *,
    member: str,
    roles: tuple[str, ...],
    path: dict[str, str] | None,
    query: dict[str, str] | None,
    headers: dict[str, str] | None,
    body: Any,
) -> dict[str, Any]:
    """The event of a REST API's Lambda proxy integration (payload format 1.0)."""
    sent = {"Content-Type": "application/json"} if body is not None else {}
    sent |= headers or {}
    authorizer = {"member_id": member, "roles": ",".join(roles), "org": "", "exp": str(int(time()) + 1800)}
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    return {
        "resource": operation.path,
        "path": operation.path.format(**path or {}),
        "httpMethod": operation.method,
        "headers": sent or None,
        "multiValueHeaders": {name: [value] for name, value in sent.items()} or None,
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "pathParameters": path or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": operation.path,
            "httpMethod": operation.method,
            "stage": "v1",
            "requestId": _Context.aws_request_id,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "tests"},
            **({"authorizer": authorizer} if member else {}),
        },
        "body": text,
        "isBase64Encoded": False,
    }
