"""Contract, stacks and Chalice routes name the same things, character by character."""

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from infra.build import contract, package
from infra.build.contract import ROOT, Operation
from tests.support import gateway

OPERATIONS = {operation.id: operation for operation in contract.operations()}
LINES_MAX = 30  # of all stacks, tables and alarms included, for each function
STACKS = sorted((ROOT / "infra/stacks").glob("*.yaml"))
APPS = sorted((ROOT / "functions").rglob("app.py"))
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)


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
    found = [function for function in _functions() if function.name == operation.function]
    assert len(found) == 1, f"infra/stacks/*.yaml: one function ${{Prefix}}-{operation.function} is needed"
    assert found[0].properties["Handler"] == "app.app"


def test_every_http_function_serves_an_operation_of_the_contract() -> None:
    http = [app for app in APPS if "HttpFunction(" in app.read_text(encoding="utf-8")]
    strays = [app.parent.name for app in http if app.parent.name not in OPERATIONS]
    assert not strays, "functions without an operation in miniprogram_api.yaml"


def test_every_function_of_a_stack_is_named_after_its_use_case_and_has_one_folder() -> None:
    folders = Counter(app.parent.name for app in APPS)
    for function in _functions():
        use_case = function.name.replace("-", "_")
        assert function.logical_id == f"{use_case.title().replace('_', '')}Function"
        assert folders[use_case] == 1, f"one functions/**/{use_case}/app.py is needed for {function.name}"
        assert function.code == package.FUNCTIONS / f"{use_case}.zip", "CodeUri is what the build makes of it"


def test_every_folder_of_functions_is_deployed_by_one_stack() -> None:
    deployed = Counter(function.name for function in _functions())
    counts = {app.parent.name: deployed[app.parent.name.replace("_", "-")] for app in APPS}
    assert {name: count for name, count in counts.items() if count != 1} == {}, "folders not deployed once"


def test_stacks_take_few_lines_for_each_function() -> None:
    lines = sum(stack.read_text(encoding="utf-8").count("\n") for stack in STACKS)
    assert lines / len(_functions()) < LINES_MAX


class _Function(NamedTuple):
    logical_id: str
    name: str  # after the prefix
    code: Path  # CodeUri
    properties: dict[str, Any]


@cache
def _functions() -> list[_Function]:
    """Every function in the stacks, its properties with the stack's globals."""
    found = []
    for stack in STACKS:
        template = yaml.load(stack.read_text(encoding="utf-8"), Loader=_Tolerant)
        shared = template.get("Globals", {}).get("Function", {})
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                properties = {**shared, **resource["Properties"]}
                match = re.fullmatch(r"\$\{Prefix\}-([a-z0-9-]+)", str(properties.get("FunctionName")))
                assert match, f"{stack.name}: {logical_id} is not named ${{Prefix}}-<use-case>"
                code = (stack.parent / properties["CodeUri"]).resolve()
                found.append(_Function(logical_id, match[1], code, properties))
    return found


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
