"""What functions import is in the layer that AWS gets: on the local cloud a worker would find more than that."""

import ast
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from infra.build.contract import ROOT
from tests.support.sources import parsed

LAYER = ROOT / "layers/dependencies/requirements.txt"
LAMBDA_BRINGS = {"boto3", "botocore"}
SOURCES = sorted([*(ROOT / "functions").rglob("*.py"), *(ROOT / "layers/puhui/python/puhui").rglob("*.py")])


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_function_will_have(source: Path) -> None:
    missing = _third_party(source) - _in_the_layer() - LAMBDA_BRINGS
    assert not missing, f"add them to layers/dependencies/requirements.in, or do without: {missing}"


def test_the_layer_pins_the_versions_that_the_tests_ran_with() -> None:
    local = set((ROOT / "requirements/local.txt").read_text(encoding="utf-8").splitlines())
    pins = [line for line in LAYER.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [
        pin for pin in pins if pin.partition(" ;")[0] not in {line.partition(" ;")[0] for line in local}
    ] == []


def _third_party(source: Path) -> set[str]:
    """The distributions that a module imports from, in lower case with dashes."""
    names = set()
    for node in ast.walk(parsed(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    names -= {"puhui", *sys.stdlib_module_names}
    return {_plain(_distributions().get(name, [name])[0]) for name in names}


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())


@cache
def _in_the_layer() -> frozenset[str]:
    pins = LAYER.read_text(encoding="utf-8").splitlines()
    return frozenset(_plain(pin.split("==")[0]) for pin in pins if "==" in pin)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
