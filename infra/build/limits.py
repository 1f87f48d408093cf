"""How much of AWS's limits a deployment uses: the templates expanded as SAM does it, with what they include.

    python -m infra.build.limits     prints the table

The limits are AWS's defaults of November 2026 (docs/decisions/2026-11-30-gateways.md says where from).
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from infra.build import gateway
from infra.build.contract import ROOT

STACK_NAME = "x" * 20  # names are measured with a stack's name as long as this
REFERENCE = "x" * 100  # and texts with references to values of this length
PSEUDO = {
    "Prefix": STACK_NAME,
    "AWS::StackName": STACK_NAME,
    "AWS::Partition": "aws-cn",
    "AWS::Region": "ap-northeast-1",
    "AWS::AccountId": "0" * 12,
    "AWS::URLSuffix": "amazonaws.com.cn",
}
_REFERENCE = re.compile(r"\$\{([^}]+)\}")
NAMES = {  # the longest name that AWS takes
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::Lambda::LayerVersion": ("LayerName", 140),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", 80),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::DynamoDB::Table": ("TableName", 255),
    "AWS::Events::Rule": ("Name", 64),
    "AWS::Scheduler::Schedule": ("Name", 64),
    "AWS::SecretsManager::Secret": ("Name", 512),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
}
ANNOTATIONS = {"description", "summary", "title"}


class Use(NamedTuple):
    """What is used of one limit, where the most of it is used."""

    what: str
    used: int
    limit: int
    where: str

    @property
    def share(self) -> float:
        return self.used / self.limit


def templates() -> dict[str, dict[str, Any]]:
    """Every template as CloudFormation has it after SAM's transform, the root first, by its file's name."""
    paths = [ROOT / "template.yaml", *sorted((ROOT / "infra/stacks").glob("*.yaml"))]
    return {path.stem: expanded(path) for path in paths}


@lru_cache
def expanded(path: Path) -> dict[str, Any]:
    """One template. What `sam package` uploads has an address instead of a file."""
    template = _included(yaml_parse(path.read_text(encoding="utf-8")))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri", "DefinitionUri"):
            if isinstance(properties.get(name), str):
                properties[name] = "s3://bucket/key"
        if resource["Type"] == "AWS::Serverless::Application":
            properties["Location"] = "https://s3.amazonaws.com/bucket/key"
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # samtranslator asks for the partition by it
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it counts what nobody collects
    made: dict[str, Any] = transform(template, {}, SimpleNamespace(load=dict))
    return made


def _included(node: Any) -> Any:
    """A template with the gateways' documents in the place of their includes."""
    if isinstance(node, list):
        return [_included(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("Fn::Transform", {}).get("Name") == "AWS::Include":
        name = Path(node["Fn::Transform"]["Parameters"]["Location"]).stem.removeprefix("gateway-")
        return gateway.documents()[name]
    return {key: _included(value) for key, value in node.items()}


def nulls(node: Any, path: str = "") -> Iterator[str]:
    """Where a template holds a null, which CloudFormation refuses."""
    if node is None:
        yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from nulls(child, f"{path}/{key}")


def uses() -> list[Use]:
    """The table."""
    return [*_of_templates(), *_of_functions(), *_of_workflows(), *_of_gateways()]


def names() -> list[Use]:
    """The longest name of each kind. Names grow with nothing: they may use all of their limit."""
    found = []
    for kind, (attribute, limit) in NAMES.items():
        texts = [length(properties[attribute]) for properties in _of_type(kind) if attribute in properties]
        if texts:
            found.append(
                Use(f"name of {kind}", max(texts), limit, f"with a stack's name of {len(STACK_NAME)}")
            )
    return found


def _most(what: str, limit: int, used: dict[str, int]) -> Use:
    where = max(used, key=lambda name: used[name])
    return Use(what, used[where], limit, where)


def _of_templates() -> Iterator[Use]:
    made = templates()
    yield _most("template, bytes", 1_000_000, {name: _bytes(each) for name, each in made.items()})
    for part, limit in (("Resources", 500), ("Parameters", 200), ("Outputs", 200)):
        yield _most(part.lower(), limit, {name: len(each.get(part, {})) for name, each in made.items()})
    yield Use("resources of all stacks", sum(len(each["Resources"]) for each in made.values()), 2500, "all")
    logical = {key: len(key) for each in made.values() for key in each["Resources"]}
    yield _most("logical id", 255, logical)
    yield Use("roles of an account", len(_of_type("AWS::IAM::Role")), 1000, "all")
    yield _most("role's policies, bytes", 10_240, _policies())


def _policies() -> dict[str, int]:
    found = {}
    for template in templates().values():
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::IAM::Role":
                policies = resource["Properties"].get("Policies", [])
                found[name] = sum(length(policy["PolicyDocument"]) for policy in policies)
    return found


def _of_functions() -> Iterator[Use]:
    functions = {str(_resolved(each["FunctionName"])): each for each in _of_type("AWS::Lambda::Function")}
    variables = {
        name: length(each.get("Environment", {}).get("Variables", {})) for name, each in functions.items()
    }
    yield _most("environment of a function, bytes", 4096, variables)
    yield _most(
        "layers of a function", 5, {name: len(each.get("Layers", [])) for name, each in functions.items()}
    )


def _of_workflows() -> Iterator[Use]:
    files = (ROOT / "infra/workflows").glob("*.asl.json")
    yield _most("state machine, bytes", 1_048_576, {path.stem: path.stat().st_size for path in files})


def _of_gateways() -> Iterator[Use]:
    made = gateway.documents()
    yield _most("gateway's body, bytes", 6_000_000, {name: _bytes(each) for name, each in made.items()})
    yield _most("gateway's resources", 300, {name: len(resources(each)) for name, each in made.items()})
    yield _most("gateway's documentation parts", 2000, {name: _texts(each) for name, each in made.items()})
    schemes = {name: len(each["components"]["securitySchemes"]) for name, each in made.items()}
    yield _most("gateway's authorisers", 10, schemes)
    paths = {path: len(path) for each in made.values() for path in each["paths"]}
    yield _most("path in a method's ARN", 1600, paths)
    yield Use("regional APIs", len(made), 600, "all")


def resources(document: dict[str, Any]) -> set[str]:
    """The resources that API Gateway makes of a document: every beginning of a path is one."""
    parts = [path.strip("/").split("/") for path in document["paths"]]
    return {"/"} | {"/" + "/".join(each[:end]) for each in parts for end in range(1, len(each) + 1)}


def _texts(node: Any) -> int:
    """How many documentation parts the import makes: one a text for people."""
    if isinstance(node, list):
        return sum(map(_texts, node))
    if not isinstance(node, dict):
        return 0
    return sum(key in ANNOTATIONS for key in node) + sum(map(_texts, node.values()))


def _of_type(kind: str) -> list[dict[str, Any]]:
    return [
        resource.get("Properties", {})
        for template in templates().values()
        for resource in template["Resources"].values()
        if resource["Type"] == kind
    ]


def _bytes(node: Any) -> int:
    return len(json.dumps(node, separators=(",", ":")).encode())


def length(node: Any) -> int:
    """The bytes of a value when its references are resolved, about."""
    value = _resolved(node)
    return len(value) if isinstance(value, str) else _bytes(value)


def _resolved(node: Any) -> Any:
    if isinstance(node, list):
        return [_resolved(each) for each in node]
    if not isinstance(node, dict):
        return node
    match list(node.items()):
        case [("Ref", str(name))] if name in PSEUDO:
            return PSEUDO[name]
        case [("Fn::Sub", str(text))]:
            return _REFERENCE.sub(lambda found: PSEUDO.get(found[1], REFERENCE), text)
        case [("Ref" | "Fn::GetAtt" | "Fn::Sub" | "Fn::If" | "Fn::Join", _)]:
            return REFERENCE
    return {key: _resolved(value) for key, value in node.items()}


def table(rows: list[Use]) -> str:
    """The rows as text, the fullest first."""
    rows = sorted(rows, key=lambda row: -row.share)
    return "\n".join(
        f"{row.share:6.1%}  {row.what:36} {row.used:>9,} of {row.limit:>9,}  {row.where}" for row in rows
    )


if __name__ == "__main__":
    sys.stdout.write(table([*uses(), *names()]) + "\n")
