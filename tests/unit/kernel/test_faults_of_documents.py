"""What an author is told about a document that is refused: where, and what, in the reader's language."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from puhui.kernel.documents import DocumentInvalid, parse, require_valid
from puhui.kernel.rules import NAME_SHOWN_MAX

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": r"^[a-z]+$(?!\n)"},
        "year": {"type": "integer", "minimum": 1900, "maximum": 2100},
        "mark": {"enum": ["P", "S"]},
        "odd": {"const": 1},
    },
}
VALIDATOR = Draft202012Validator(SCHEMA)


def refused(text: str) -> DocumentInvalid:
    with pytest.raises(DocumentInvalid) as raised:
        require_valid(parse(text.encode()), VALIDATOR)
    return raised.value


@pytest.mark.parametrize(
    ("changes", "pointer", "zh", "en"),
    [
        ({"id": 1}, "/id", "类型必须是 string", "must be string"),
        ({"id": "x"}, "/id", "至少 2 个字符", "must have at least 2 characters"),
        ({"id": "abcde"}, "/id", "最多 4 个字符", "must have at most 4 characters"),
        ({"id": "A B"}, "/id", "格式不正确 (^[a-z]+$)", "does not have the expected form (^[a-z]+$)"),
        ({"year": 1899}, "/year", "不能小于 1900", "must be at least 1900"),
        ({"year": 2101}, "/year", "不能大于 2100", "must be at most 2100"),
        ({"mark": "X"}, "/mark", "必须是其中之一：P, S", "must be one of P, S"),
        ({"a/b": 1}, "/a~1b", "这里没有这个字段", "is not known here"),
        ({"odd": 2}, "/odd", "1 was expected", "1 was expected"),  # a rule that the house has no words for
    ],
)
def test_a_broken_rule_is_told_in_the_readers_language(
    changes: dict[str, Any], pointer: str, zh: str, en: str
):
    fault = refused(json.dumps({"id": "abc"} | changes))
    assert fault.details["pointer"] == pointer
    assert fault.text("zh-CN") == f"文档在 {pointer} 处有误：{zh}"
    assert fault.text("en") == f"The document at {pointer} is wrong: {en}"


def test_what_is_missing_is_named():
    fault = refused("{}")
    assert (fault.details["pointer"], fault.text("zh-CN")) == ("/id", "文档在 /id 处有误：必填")


@pytest.mark.parametrize("text", ["[]", "null", '"x"'])
def test_a_fault_of_the_whole_has_the_empty_pointer_and_says_so_in_words(text: str):
    fault = refused(text)
    assert fault.details["pointer"] == ""
    assert fault.text("zh-CN") == "文档本身有误：类型必须是 object"
    assert fault.text("en") == "The document itself is wrong: must be object"


@pytest.mark.parametrize("number", ["0.11", "1.0", "1e400", "NaN"])
def test_a_decimal_that_is_no_text_is_refused_where_it_stands(number: str):
    fault = refused(f'{{"id": {number}}}')
    assert fault.details["pointer"] == "/id"
    assert "小数请写成文本" in fault.text("zh-CN")
    assert "write decimals as text" in fault.text("en")


def test_a_name_that_an_author_makes_up_is_quoted_short():
    assert len(refused(json.dumps({"id": "abc", "x" * 10_000: 1})).details["pointer"]) == NAME_SHOWN_MAX + 1
