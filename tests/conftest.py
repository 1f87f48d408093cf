"""What every test can rely on: the validators are those of the present contract."""

import gc
from collections.abc import Generator

import pytest

from infra.build import validators

validators.ensure()  # before collection, since tests import functions, which import their validators

pytest_plugins = [
    "tests.support.side_by_side",
    "tests.support.tables",
    "tests.support.generous",
    "tests.support.dynamodb_local",
    "tests.support.local_cloud",
    "tests.support.independent",
    "tests.scenarios.life",
]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish() -> Generator[None, object, object]:
    """Plugins import modules at the end, and pytest parses them: CPython 3.11 fails at that with "AST constructor recursion
    depth mismatch" when a finaliser of what the tests left runs meanwhile. None does from here on."""
    gc.collect()
    gc.disable()
    return (yield)
