"""The validators that functions run are generated; ``jsonschema`` is the authority. They must judge alike."""

import copy
import importlib
from datetime import date, datetime
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.build import contract
from infra.build.contract import Operation, Schema
from puhui.edge.validation import ContractError
from puhui.kernel import texts
from tests.support.drawing import fitting

WITH_BODY = [operation for operation in contract.operations() if operation.body()]
ALL = list(contract.operations())
ODD: list[Any] = [
    *(None, True, 0, -1, 1.0, 1.5, 10**30, float("nan"), float("inf")),
    *(
        "",
        "x",
        "ab\n",
        "２",
        "2026-02-30",
        "2026-02-28",
        "\u3164",
        "a\u202eb",
        "小满",
        "\ud800",
        "a" * 600,
        [],
        [1],
        {},
        {"a": 1},
    ),
]


def _is_moment(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


_FORMATS = jsonschema.FormatChecker(formats=())
_FORMATS.checks("date-time", raises=ValueError)(_is_moment)
_FORMATS.checks("date", raises=ValueError)(lambda text: not isinstance(text, str) or date.fromisoformat(text))
_FORMATS.checks("text")(lambda text: not isinstance(text, str) or not text or texts.readable(text))


@cache
def authority(operation_id: str) -> Any:
    """jsonschema for an operation's body, told what JSON means here: 1.0 is no integer, and ``$`` is the very end of a text."""
    schema = _body_of(operation_id)
    checker = jsonschema.Draft7Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict = jsonschema.validators.extend(jsonschema.Draft7Validator, type_checker=checker)
    return strict(_with_python_ends(schema), format_checker=_FORMATS)


@cache
def bodies(operation_id: str) -> st.SearchStrategy[Any]:
    """What mostly fits an operation's body."""
    return fitting(_body_of(operation_id))


def _body_of(operation_id: str) -> Schema:
    (schema,) = [operation.body() for operation in WITH_BODY if operation.id == operation_id]
    assert schema is not None
    return schema


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.id)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_generated_validator_judges_a_body_as_jsonschema_does(
    operation: Operation, data: st.DataObject
) -> None:
    body = data.draw(bodies(operation.id))
    for _ in range(data.draw(st.integers(0, 2))):
        body = _bent(body, data)
    check = importlib.import_module(f"puhui.edge.contract.{operation.id}").body
    _same_verdict(check, authority(operation.id), body)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.id)
def test_every_member_of_an_example_replaced_by_something_odd_is_judged_alike(operation: Operation) -> None:
    body = importlib.import_module(f"puhui.edge.contract.{operation.id}").body
    example = operation.spec["requestBody"]["content"]["application/json"]["example"]
    judge = authority(operation.id)
    _same_verdict(body, judge, example)
    for path in _paths(example):
        for odd in ODD:
            _same_verdict(body, judge, _replaced(example, path, odd))
        if path and isinstance(path[-1], str):
            _same_verdict(body, judge, _replaced(example, (*path[:-1], "unheard_of"), 1))


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)
def test_a_module_says_what_the_contract_says(operation: Operation) -> None:
    module = importlib.import_module(f"puhui.edge.contract.{operation.id}")
    said = (module.METHOD, module.PATH, module.ROLES, module.PUBLIC)
    assert said == (operation.method, operation.path, operation.roles, operation.public)
    assert (module.body is None) == (operation.body() is None)


def _same_verdict(check: Any, judge: Any, body: Any) -> None:
    try:
        check(copy.deepcopy(body))
        accepted, errors = True, []
    except ContractError as error:
        accepted, errors = False, error.errors
    assert accepted == judge.is_valid(body), (body, errors)
    if not accepted:
        assert all(pointer == "" or pointer.startswith("/") for pointer, _ in errors)
        assert errors


def _bent(body: Any, data: st.DataObject) -> Any:
    path = data.draw(st.sampled_from(list(_paths(body))))
    return _replaced(body, path, data.draw(st.sampled_from(ODD)))


def _paths(node: Any, here: tuple[Any, ...] = ()) -> Any:
    yield here
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from _paths(child, (*here, key))


def _replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(body)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1] if isinstance(parent, dict) else min(int(path[-1]), len(parent) - 1)] = value
    return changed


def _with_python_ends(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_python_ends(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    ended = {key: _with_python_ends(value) for key, value in schema.items()}
    if isinstance(ended.get("pattern"), str):
        ended["pattern"] = ended["pattern"].removesuffix("$") + r"\Z"
    return ended
