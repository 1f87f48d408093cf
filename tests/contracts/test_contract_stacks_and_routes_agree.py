"""Contract, stacks and Chalice routes name the same things, character by character."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.build import contract
from infra.build.contract import ROOT, Operation
from tests.support import gateway

OPERATIONS = {operation.id: operation for operation in contract.operations()}
STACKS = sorted((ROOT / "infra/stacks").glob("*.yaml"))
APPS = sorted((ROOT / "functions").rglob("app.py"))
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
# Plain handlers: no HTTP vocabulary, no routes.
NOT_HTTP = {"steps", "streams", "schedules"}


@pytest.fixture(autouse=True)
def _environment(function_environment: None) -> None:
    """Functions build their adapters at import, from environment variables."""


@each_operation
def test_an_operation_has_one_function_that_routes_exactly_it(operation: Operation) -> None:
    app = gateway.handler(operation.id).app
    routed = {path: set(methods) for path, methods in app.routes.items()}
    assert routed == {operation.path: {operation.method}}


@each_operation
def test_an_operation_has_its_function_in_one_stack(operation: Operation) -> None:
    found = [properties for name, properties in _functions() if name == operation.function]
    assert len(found) == 1, f"infra/stacks/*.yaml has no single function ${{Prefix}}-{operation.function}"
    properties = found[0]
    folder = (ROOT / "infra/stacks" / properties["CodeUri"]).resolve()
    assert folder == gateway.source(operation.id).parent
    assert properties["Handler"] == "app.app"


def test_every_http_function_serves_an_operation_of_the_contract() -> None:
    strays = [app for app in APPS if _is_http(app) and app.parent.name not in OPERATIONS]
    assert not strays, "functions without an operation in miniprogram_api.yaml"


def test_every_function_of_a_stack_has_its_folder() -> None:
    without = [
        name
        for name, properties in _functions()
        if not (ROOT / "infra/stacks" / properties["CodeUri"] / "app.py").resolve().is_file()
    ]
    assert not without, "functions in infra/stacks/*.yaml whose CodeUri has no app.py"


def test_every_folder_of_functions_is_in_a_stack() -> None:
    deployed = {(ROOT / "infra/stacks" / properties["CodeUri"]).resolve() for _, properties in _functions()}
    without = [app.parent.relative_to(ROOT) for app in APPS if app.parent not in deployed]
    assert not without, "folders under functions/ that no stack deploys"


def _functions() -> list[tuple[str, dict[str, Any]]]:
    """(name after the prefix, properties with the stack's globals) of every function in the stacks."""
    found = []
    for stack in STACKS:
        template = yaml.load(stack.read_text(encoding="utf-8"), Loader=_Tolerant)
        shared = template.get("Globals", {}).get("Function", {})
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                properties = {**shared, **resource["Properties"]}
                match = re.fullmatch(r"\$\{Prefix\}-([a-z0-9-]+)", str(properties.get("FunctionName")))
                assert match, f"{stack.name}: {properties.get('FunctionName')} is not ${{Prefix}}-<use-case>"
                found.append((match[1], properties))
    return found


def _is_http(app: Path) -> bool:
    return not NOT_HTTP & set(app.relative_to(ROOT / "functions").parts) and "HttpFunction(" in app.read_text(
        encoding="utf-8"
    )


class _Tolerant(yaml.SafeLoader):
    """Reads ``!Sub x`` as ``x``: the test needs the texts, not what CloudFormation makes of them."""


def _plain(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Tolerant.add_multi_constructor("!", _plain)
