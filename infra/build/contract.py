"""Reading miniprogram_api.yaml: its operations, with references resolved and schemas in plain JSON Schema."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "miniprogram_api.yaml"
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
    def function(self) -> str:
        """The function's name after the stack's: ``get-me``."""
        return self.id.replace("_", "-")

    def parameters(self, where: str) -> list[dict[str, Any]]:
        """The parameters in ``path``, ``query`` or ``header``."""
        return [parameter for parameter in self.spec.get("parameters", []) if parameter["in"] == where]

    def body(self) -> Schema | None:
        """JSON Schema of the JSON body; None when the operation takes none, or takes other types as well."""
        content = self.spec.get("requestBody", {}).get("content", {})
        return (
            json_schema(content["application/json"]["schema"])
            if list(content) == ["application/json"]
            else None
        )

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


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The contract as it is written. Callers do not change it."""
    loaded: dict[str, Any] = yaml.load(CONTRACT.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 a safe loader
    return loaded


def operations() -> Iterator[Operation]:
    """Every operation, in the order of the file. Callers do not change them."""
    return iter(_operations())


@lru_cache(maxsize=1)
def _operations() -> tuple[Operation, ...]:
    return tuple(_resolved_operations(document()))


def _resolved_operations(whole: dict[str, Any]) -> Iterator[Operation]:
    for path, item in whole["paths"].items():
        for method in METHODS:
            if method in item:
                spec = resolved(item[method], whole)
                yield Operation(spec["operationId"], method.upper(), path, spec)


def resolved(node: Any, whole: dict[str, Any]) -> Any:
    """``node`` with every ``$ref`` into ``whole`` replaced by what it names. The contract has no cycles."""
    if isinstance(node, list):
        return [resolved(item, whole) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = whole
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return resolved(target, whole)
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
