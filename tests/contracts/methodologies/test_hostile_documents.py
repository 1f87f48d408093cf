"""A hostile document is refused with the path to the fault, in a bounded time (pytest's timeout is the bound)."""

import copy
import json
from itertools import pairwise
from typing import Any

import pytest

from puhui.kernel.documents import DEPTH_MAX, VALUES_MAX, DocumentInvalid, require_bounded
from puhui.methodologies import published
from tests.contracts.methodologies.conftest import Office, document
from tests.contracts.methodologies.test_factors_on_real_tables import RECORD
from tests.support.gateway import Answer, call

pytestmark = [pytest.mark.usefixtures("function_environment"), pytest.mark.timeout(20)]
OFFICERS = ("member", "authority_city")
LINE = "/formula/lines/0"


@pytest.fixture(autouse=True)
def only_the_layers_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    """No table is asked for factors that were filed since."""
    monkeypatch.setattr(published, "_source", lambda: None)


def send(body: Any, roles: tuple[str, ...] = OFFICERS) -> Answer:
    """File through the function; nothing here is good enough to reach the table."""
    return call("file_methodology", member="city", roles=roles, body=body, headers={"Accept-Language": "en"})


def refused(body: Any) -> str:
    """The pointer to the fault."""
    answer = send(body)
    assert (answer.status, answer.json["code"]) == (422, "DOCUMENT_INVALID"), answer.text[:300]
    (fault,) = answer.json["errors"]
    assert fault["pointer"] in answer.json["detail"]
    assert len(answer.text) < 2_000
    pointer: str = fault["pointer"]
    return pointer


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good document with one place changed."""
    filed = copy.deepcopy(document())
    *parents, last = path.strip("/").split("/")
    node: Any = filed
    for name in parents:
        node = node[int(name) if name.isdecimal() else name]
    node[int(last) if last.isdecimal() else last] = value
    return {"document": filed}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("times * each ** 999999999", "power"),
        ("times * each * 9e999999999", "exponent"),
        ("(" * 200 + "times * each" + ")" * 200, "brackets"),
        ("times * each" + " + times * each" * 31, "endless"),
        ("min(" * 60 + "times * each" + ", 1)" * 60, "calls"),
        ("times * each + __import__('os').system('true')", "unknown function"),
        ("sqrt(times) * each", "unknown function"),
        ("open * each", "unknown name"),
        ("baseline + times * each", "a line that needs itself"),
        ("times * each / (1 - 1)", "division by zero"),
        ("times * each / (times - times)", "division by what may be zero"),
        ("times + each", "grams and acts"),
        ("times * each * " + "9" * 400, "a number of 400 digits"),
        ("", "nothing"),
        ("\u202e each * times", "letters that turn the line round"),
    ],
)
def test_a_hostile_formula_is_refused_where_it_stands(formula: str, why: str):
    pointer = refused(changed("/formula/lines/0/formula", formula))
    assert pointer.startswith("/formula"), why


def test_lines_that_need_each_other_are_refused():
    lines = [
        {"name": "project", "formula": "baseline / 2"},
        {"name": "baseline", "formula": "times * each + project"},
    ]
    assert refused(changed("/formula/lines", lines)) == LINE


@pytest.mark.parametrize(("first", "sign"), [("each / each", "*"), ("times * each", "+")])
@pytest.mark.parametrize("height", [4, 11])
def test_lines_that_each_need_the_one_before_many_times_are_refused(first: str, sign: str, height: int):
    names = [f"line_{number}" for number in range(height)]
    lines = [{"name": names[0], "formula": first}]
    lines += [{"name": name, "formula": sign.join([before] * 40)} for before, name in pairwise(names)]
    lines.append({"name": "baseline", "formula": f"times * each * {names[-1]}" if sign == "*" else names[-1]})
    assert refused(changed("/formula/lines", lines)) == "/formula/lines/2"


def test_a_factor_that_refers_to_itself_is_no_factor():
    assert refused(changed("/formula/factors", {"each": "each"})).startswith("/formula")
    by = {"by": "each", "quantities": {"each": "lights-off"}}
    assert refused(changed("/formula/factors", {"each": by})) == "/formula/factors/each/by"


@pytest.mark.parametrize("depth", [13, 100, 400])
def test_a_deeply_nested_document_is_refused_at_the_depth_that_is_allowed(depth: int):
    assert refused(changed("/inputs", nested(depth))).count("/") == DEPTH_MAX + 1
    assert refused({"document": nested(depth)}).count("/") == DEPTH_MAX + 1


def test_brackets_without_end_are_no_request():
    for depth in (20_000, 100_000):
        answer = send('{"document":' + "[" * depth + "]" * depth + "}")
        assert answer.status in (400, 422)
        assert answer.json["code"] in ("INVALID_REQUEST", "DOCUMENT_INVALID")


def test_a_megabyte_is_too_large():
    answer = send({"document": document() | {"name": {"zh-CN": "x" * 1_000_000, "en": "x"}}})
    assert (answer.status, answer.json["code"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    "value",
    [["x"] * 40_000, [{}] * 40_000, {str(n): 1 for n in range(20_000)}],
    ids=["list", "objects", "names"],
)
@pytest.mark.parametrize("place", ["/formula/lines", "/formula/factors", "/test_vectors", "/evidence"])
def test_a_great_many_values_are_refused_before_they_are_looked_at(place: str, value: Any):
    assert refused(changed(place, value)) in ("", place)


def test_as_many_faults_as_are_allowed_take_no_long():
    values = VALUES_MAX - 100
    assert refused(changed("/formula/lines", [[]] * values)).startswith("/formula")
    assert refused(changed("/evidence", ["x"] * values)) == "/evidence"
    assert refused(changed("/inputs/0/unit", "x" * 200_000)) == "/inputs/0/unit"
    assert refused(changed("/formula/lines/0/formula", "x*" * 100_000)).startswith("/formula")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"document": {"id": 1e400}}', "DOCUMENT_INVALID"),
        ('{"document": {"id": 1.0}}', "DOCUMENT_INVALID"),
        ('{"document": {"id": "a", "id": "b"}}', "INVALID_REQUEST"),
        ('{"document": {"id": "\\ud800"}}', "DOCUMENT_INVALID"),
        ('{"document": {"\\udfff": 1}}', "DOCUMENT_INVALID"),
        ('{"document": null}', "DOCUMENT_INVALID"),
        ('{"document": ' + "9" * 5_000 + "}", "INVALID_REQUEST"),
        ('{"document": NaN}', "INVALID_REQUEST"),
        ("{}", "INVALID_REQUEST"),
        ('{"document": {}, "status": "published"}', "INVALID_REQUEST"),
        ("[]", "INVALID_REQUEST"),
        ("", "INVALID_REQUEST"),
    ],
)
def test_what_json_leaves_open_is_refused(text: str, code: str):
    assert send(text).json["code"] == code


@pytest.mark.parametrize(
    ("place", "value", "pointer"),
    [
        ("/version", "../../etc", "/version"),
        ("/version", "1\n", "/version"),
        ("/id", "lights-off@1", "/id"),
        ("/test_vectors/0/reduction_mg", 117_901, "/test_vectors/0/reduction_mg"),
        ("/test_vectors/0/reduction_mg", 10**30, "/test_vectors/0/reduction_mg"),
        ("/test_vectors/0/inputs/times", -1, "/test_vectors/0/inputs/times"),
        ("/inputs/0/max", True, "/inputs/0/max"),
        ("/act/en", "{unheard_of}", "/act/en"),
        ("/formula/discount", "1.5", "/formula"),
        ("/surprise", 1, "/surprise"),
    ],
)
def test_a_fault_is_named_by_its_place(place: str, value: Any, pointer: str):
    assert refused(changed(place, value)).startswith(pointer)


def test_a_fault_is_told_in_the_readers_language_in_the_list_of_errors_too():
    for language, detail in (("zh-CN", "类型必须是 integer"), ("en", "must be integer")):
        answer = call(
            "file_methodology",
            member="city",
            roles=OFFICERS,
            body=changed("/inputs/0/max", "many"),
            headers={"Accept-Language": language},
        )
        assert answer.json["errors"] == [{"pointer": "/inputs/0/max", "detail": detail}]
    answer = send({"document": []})
    assert answer.json["errors"] == [{"pointer": "", "detail": "must be object"}]
    assert answer.json["detail"] == "The document itself is wrong: must be object"


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (0.11, "0.11 不是整数，小数请写成文本（加引号）"),
        (1, "类型必须是 string"),
        ("-1", "不能小于零"),
    ],
)
def test_a_factor_whose_value_is_no_decimal_text_is_told_at_the_value(value: Any, detail: str):
    filed = {"document": RECORD | {"value": value}}
    answer = call("file_factor", member="city", roles=OFFICERS, body=filed)
    assert (answer.status, answer.json["code"]) == (422, "DOCUMENT_INVALID")
    assert answer.json["errors"] == [{"pointer": "/value", "detail": detail}]
    assert answer.json["detail"] == f"文档在 /value 处有误：{detail}"


def test_who_has_no_role_learns_nothing_about_a_document():
    assert send({"document": {}}, roles=("member", "verifier", "auditor")).status == 403


def test_the_bounds_let_the_largest_good_document_through(office: Office):
    vectors = [
        {
            **document()["test_vectors"][0],
            "inputs": {"times": 1 + n % 20},
            "reduction_mg": 58_950 * (1 + n % 20),
        }
        for n in range(100)
    ]
    text = {"zh-CN": "长" * 1000, "en": "l" * 1000}
    large = document(test_vectors=vectors, applicability=text, name=text)
    assert len(json.dumps(large, ensure_ascii=False).encode()) < 64 * 1024
    assert office.file(large)["status"] == "draft"
    assert office.draft()["document"] == large


def test_the_bound_counts_every_value():
    require_bounded([0] * (VALUES_MAX - 1))
    with pytest.raises(DocumentInvalid):
        require_bounded([0] * VALUES_MAX)
