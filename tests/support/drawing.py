"""Hypothesis strategies for the few JSON Schema keywords that the contract uses."""

from typing import Any

from hypothesis import strategies as st

from infra.build.contract import Schema


def fitting(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that mostly fit ``schema``: lengths, dates that do not exist and the like are left to chance."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if not schema:  # any JSON: the operation judges it itself
        return st.recursive(st.none() | st.integers() | st.text(max_size=8), _nested, max_leaves=6)
    match schema["type"]:
        case "object":
            return _object(schema)
        case "array":
            return st.lists(fitting(schema["items"]), max_size=schema["maxItems"] + 1)
        case "integer":
            near = st.integers(schema["minimum"] - 1, schema["maximum"] + 1)
            return st.one_of(near, st.sampled_from([schema["minimum"], schema["maximum"]]))
        case "string":
            return st.from_regex(schema["pattern"])
        case "boolean":
            return st.booleans()
    raise ValueError(f"no strategy for {schema}")


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)


def _object(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    members = {name: fitting(value) for name, value in schema.get("properties", {}).items()}
    required = {name: members.pop(name) for name in schema.get("required", ())}
    some = st.sets(st.sampled_from(sorted(members)), max_size=7) if members else st.just(set[str]())
    return some.flatmap(
        lambda chosen: st.fixed_dictionaries({**required, **{name: members[name] for name in sorted(chosen)}})
    )
