"""Reading miniprogram_api.yaml: its operations, with references resolved and schemas in plain JSON Schema.

The file writes once what many operations have in common, as OpenAPI allows: ``security`` for the whole document, ``parameters``
for a path, an ``example`` with its schema, and the answer ``default`` for the problems that any operation may answer with.
``expanded`` writes them out for each operation, so that whoever checks an answer needs to know none of that.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "miniprogram_api.yaml"
RETRIED = ("429", "503")  # the problems whose answer says when to try again
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
Schema = dict[str, Any]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # seven times as fast, where libyaml is there
_ANNOTATIONS = ("description", "example", "nullable", "title", "deprecated")


class Operation(NamedTuple):
    """One operation of the contract; ``spec`` is its object with every reference resolved."""

    id: str
    method: str  # upper case
    path: str
    spec: dict[str, Any]

    @property
    def public(self) -> bool:
        return not self.spec["security"]

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self.spec.get("x-puhui-roles", ()))

    @property
    def scoped(self) -> bool:
        """Whether it lets a role in that holds in a programme or region only: its function checks where."""
        return bool(self.spec.get("x-puhui-scoped"))

    @property
    def function(self) -> str:
        """The function's name after the stack's: ``get-me``."""
        return self.id.replace("_", "-")

    def parameters(self, where: str) -> list[dict[str, Any]]:
        """The parameters in ``path``, ``query`` or ``header``."""
        return [parameter for parameter in self.spec.get("parameters", []) if parameter["in"] == where]

    def body(self) -> Schema | None:
        """JSON Schema of the JSON body; None when the operation takes none, or takes other types than JSON as well."""
        return self._bodies().get("application/json")

    def other_bodies(self) -> dict[str, Schema]:
        """JSON Schemas of the bodies of other types, all of them JSON."""
        return {kind: schema for kind, schema in self._bodies().items() if kind != "application/json"}

    def _bodies(self) -> dict[str, Schema]:
        content = self.spec.get("requestBody", {}).get("content", {})
        if "application/json" not in content or not all(is_json(kind) for kind in content):
            return {}
        return {kind: json_schema(media["schema"]) for kind, media in content.items()}

    def parameter_schema(self, where: str) -> Schema:
        """JSON Schema of the object that the parameters in ``where`` make up."""
        parameters = self.parameters(where)
        schema: Schema = {
            "type": "object",
            "properties": {parameter["name"]: json_schema(parameter["schema"]) for parameter in parameters},
        }
        if required := [parameter["name"] for parameter in parameters if parameter.get("required")]:
            schema["required"] = required
        if where != "header" and not (
            where == "query" and self.spec.get("x-puhui-unknown-query") == "ignore"
        ):
            schema["additionalProperties"] = False
        return schema


def is_json(kind: str) -> bool:
    """Whether a content type is written in JSON (RFC 6839)."""
    return kind == "application/json" or kind.endswith("+json")


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The contract as it is written. Callers do not change it."""
    loaded: dict[str, Any] = yaml.load(CONTRACT.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 a safe loader
    return loaded


@lru_cache(maxsize=1)
def expanded() -> dict[str, Any]:
    """The contract with each operation whole: its security, all parameters, an example for each content, and the problems that
    ``default`` stands for, each under its status. Callers do not change it."""
    whole = document()
    paths = {
        path: {method: _expanded(item, item[method], whole) for method in METHODS if method in item}
        for path, item in whole["paths"].items()
    }
    return {**whole, "paths": paths}


def operations() -> Iterator[Operation]:
    """Every operation, in the order of the file. Callers do not change them."""
    return iter(_operations())


@lru_cache(maxsize=1)
def _operations() -> tuple[Operation, ...]:
    return tuple(_resolved_operations(expanded()))


def _resolved_operations(whole: dict[str, Any]) -> Iterator[Operation]:
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            spec = resolved(operation, whole)
            yield Operation(spec["operationId"], method.upper(), path, spec)


def _expanded(item: dict[str, Any], operation: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    spec = {"security": whole["security"], **operation}
    spec["parameters"] = [*operation.get("parameters", []), *item.get("parameters", [])]
    statuses = {"400", "429", "503"}
    if spec["security"]:
        statuses |= {"401", "403"}
    if body := operation.get("requestBody"):
        spec["requestBody"] = _shown(body, whole)
        statuses |= {"413", "415"} if all(map(is_json, body["content"])) else {"413"}
    answers = {status: _target(answer, whole) for status, answer in operation["responses"].items()}
    default = answers.pop("default")
    answers = {status: _shown(answer, whole) for status, answer in answers.items()}
    answers |= {status: _problem(status, default, whole) for status in statuses - answers.keys()}
    spec["responses"] = dict(sorted(answers.items()))
    return spec


def _shown(holder: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """A body or an answer with an example for each of its contents."""
    holder = _target(holder, whole)
    if "content" not in holder:
        return holder
    content = {kind: _with_example(media, whole) for kind, media in holder["content"].items()}
    return {**holder, "content": content}


def _with_example(media: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    if "example" in media:
        return media
    if "examples" in media:
        first = _target(next(iter(media["examples"].values())), whole)
        return {"schema": media["schema"], "example": first["value"]}
    schema = _target(media["schema"], whole)
    if "example" not in schema:
        name = media["schema"].get("$ref", "of its own").rpartition("/")[2]
        raise ValueError(f"miniprogram_api.yaml: the schema {name} is sent or answered and needs an example")
    return {**media, "example": schema["example"]}


def _problem(status: str, default: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """What ``default`` says of one status."""
    ((kind, media),) = default["content"].items()
    shown = [_target(each, whole) for each in media["examples"].values()]
    (example,) = [each for each in shown if str(each["value"]["status"]) == status]
    answer = {"description": example["summary"]}
    if status in RETRIED:
        answer["headers"] = default["headers"]
    return {**answer, "content": {kind: {"schema": media["schema"], "example": example["value"]}}}


def _target(node: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """What ``node`` refers to, or itself."""
    while "$ref" in node:
        target: Any = whole
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def resolved(node: Any, whole: dict[str, Any]) -> Any:
    """``node`` with every ``$ref`` into ``whole`` replaced by what it names. The contract has no cycles."""
    if isinstance(node, list):
        return [resolved(item, whole) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return resolved(_target(node, whole), whole)
    return {key: resolved(value, whole) for key, value in node.items()}


def json_schema(schema: Schema) -> Schema:
    """OpenAPI 3.0's dialect as JSON Schema draft 7: ``nullable`` becomes a type, notes are left out."""
    plain = {
        key: value for key, value in schema.items() if key not in _ANNOTATIONS and not key.startswith("x-")
    }
    if schema.get("nullable"):
        plain["type"] = [schema["type"], "null"]
        if "enum" in plain:
            plain["enum"] = [*plain["enum"], None]
    if "properties" in plain:
        plain["properties"] = {name: json_schema(value) for name, value in plain["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(plain.get(key), dict):
            plain[key] = json_schema(plain[key])
    return plain
