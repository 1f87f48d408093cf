"""A body says one thing in UTF-8, or is refused."""

import base64
import json
from typing import Any

import pytest

from puhui.edge import bodies
from puhui.edge.validation import ContractError
from tests.support import gateway

JSON = "application/json"
BODY = {"nickname": "小满"}


def told(raw: bytes, content_type: str = JSON) -> str:
    with pytest.raises(ContractError) as caught:
        bodies.parsed(raw, content_type)
    [(pointer, detail)] = caught.value.errors
    assert pointer == ""
    return detail


@pytest.mark.parametrize(
    "content_type", [JSON, "Application/JSON;charset=UTF-8", f'{JSON}; charset="utf8"; v=1']
)
def test_utf8_is_read_with_or_without_its_mark(content_type: str):
    raw = json.dumps(BODY, ensure_ascii=False).encode()
    assert bodies.parsed(raw, content_type) == bodies.parsed(b"\xef\xbb\xbf" + raw, content_type) == BODY


@pytest.mark.parametrize(
    "content_type", [f"{JSON}; charset=GBK", f"{JSON};charset=utf-16", f"{JSON}; charset=", "text/json", ""]
)
def test_another_type_or_charset_is_refused_by_its_name(content_type: str):
    with pytest.raises(bodies.UnsupportedMediaType):
        bodies.parsed(b'{"nickname": "a"}', content_type)


@pytest.mark.parametrize("charset", ["gbk", "latin-1", "utf-16", "utf-32", "utf-16-le"])
def test_other_bytes_under_the_name_of_utf8_are_refused(charset: str):
    text = json.dumps({"nickname": "é" if charset == "latin-1" else "小满"}, ensure_ascii=False)
    assert told(text.encode(charset)) in ("is not UTF-8", "is not JSON")
    assert told(text.encode(charset).decode(errors="replace").encode()) in ("is not UTF-8", "is not JSON")


@pytest.mark.parametrize("raw", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]'])
def test_a_member_that_stands_twice_is_refused(raw: str):
    assert told(raw.encode()) == "has a member twice"


@pytest.mark.parametrize("raw", ["", "{", "NaN", "9" * 5000, "[" * 100_000, "{'a': 1}"])
def test_what_is_no_json_is_refused(raw: str):
    assert told(raw.encode()) == "is not JSON"


def test_the_gateway_may_hand_on_a_body_in_base64():
    event: dict[str, Any] = {"body": base64.b64encode(b"{}").decode(), "isBase64Encoded": True}
    assert bodies.sent(event) == b"{}"
    with pytest.raises(bodies.BodyTooLarge):
        bodies.sent({"body": "小" * 90_000})


def test_every_text_that_people_write_is_one_that_people_can_read():
    """Whatever a body may hold beyond ASCII has a format that says what it may be."""

    def strays(schema: dict[str, Any], path: str) -> list[str]:
        found = []
        if schema.get("type") == "string" and "enum" not in schema:
            free = schema["pattern"].startswith("^[^")
            found += [path] if free and schema.get("format") != "text" else []
        for name, inner in schema.get("properties", {}).items():
            found += strays(inner, f"{path}/{name}")
        return found + (strays(schema["items"], f"{path}/*") if "items" in schema else [])

    bodies_of = {id_: operation.body() or {} for id_, operation in gateway.OPERATIONS.items()}
    assert [stray for id_, schema in bodies_of.items() for stray in strays(schema, id_)] == []
