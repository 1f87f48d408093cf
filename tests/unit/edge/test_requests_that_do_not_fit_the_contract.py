"""What a caller is told about a request that does not fit the contract."""

import copy
import json
from typing import Any

import pytest

from puhui.edge.contract import (
    decide_review,
    list_activities,
    put_consent,
    receive_wechat_push,
    record_activity,
)
from puhui.edge.http import _body
from puhui.edge.validation import ERRORS_MAX, ContractError
from puhui.kernel.rules import NAME_SHOWN_MAX

ACT: dict[str, Any] = {
    "programme_id": "carbon-88",
    "behaviour": "subway_trip",
    "occurred_at": "2026-11-21T08:30:00+08:00",
    "quantity": {"trips": 1},
}


def _told(check: Any, data: Any) -> list[tuple[str, str]]:
    with pytest.raises(ContractError) as caught:
        check(data)
    return caught.value.errors


def test_a_body_that_fits_comes_back_as_it_was() -> None:
    assert record_activity.body(copy.deepcopy(ACT)) == ACT


@pytest.mark.parametrize("trips", [1.0, True, "1", None, float("nan"), float("inf")])
def test_only_an_integer_is_a_quantity(trips: Any) -> None:
    told = _told(record_activity.body, {**ACT, "quantity": {"trips": trips}})
    assert told == [("/quantity/trips", "must be integer")]


@pytest.mark.parametrize("trips", [-1, 10_000_001, 10**30])
def test_a_negative_or_huge_quantity_is_refused(trips: int) -> None:
    assert [pointer for pointer, _ in _told(record_activity.body, {**ACT, "quantity": {"trips": trips}})] == [
        "/quantity/trips"
    ]


@pytest.mark.parametrize(
    "at", ["2026-02-30T08:30:00+08:00", "2026-11-21T08:30:00", "2026-11-21", "2026-11-21T24:00:00Z", "now\n"]
)
def test_a_time_without_offset_or_that_never_was_is_refused(at: str) -> None:
    assert {pointer for pointer, _ in _told(record_activity.body, {**ACT, "occurred_at": at})} == {
        "/occurred_at"
    }


def test_every_wrong_member_is_named_at_once() -> None:
    told = dict(_told(record_activity.body, {"programme_id": "", "quantity": {}, "a/b~c": 1}))
    assert told["/behaviour"] == "is required"
    assert told["/a~1b~0c"] == "is not known here"
    assert told["/quantity"] == "must have at least 1 members"
    assert "/programme_id" in told


def test_the_details_are_also_said_in_chinese() -> None:
    with pytest.raises(ContractError) as caught:
        record_activity.body({**ACT, "quantity": {"trips": -1}})
    assert caught.value.errors_in("zh-CN") == [("/quantity/trips", "不能小于 0")]
    assert caught.value.errors_in("en") == [("/quantity/trips", "must be at least 0")]


def test_names_that_a_caller_makes_up_are_quoted_short_and_encodable() -> None:
    [(pointer, _)] = _told(record_activity.body, {**ACT, "\ud800" + "x" * 1000: 1})
    assert len(pointer.encode()) <= NAME_SHOWN_MAX + 1


def test_a_thousand_mistakes_are_not_all_listed() -> None:
    assert len(_told(record_activity.body, {str(number): 1 for number in range(1000)})) == ERRORS_MAX


def test_query_strings_are_parsed_and_completed() -> None:
    assert list_activities.query({}) == {"limit": 20}
    assert list_activities.query({"limit": "5", "programme_id": "carbon-88"}) == {
        "limit": 5,
        "programme_id": "carbon-88",
    }


@pytest.mark.parametrize("limit", ["0", "101", "1.0", "1e1", " 5", "٥", "9" * 5000])
def test_a_limit_that_is_no_integer_from_1_to_100_is_refused(limit: str) -> None:
    assert {pointer for pointer, _ in _told(list_activities.query, {"limit": limit})} == {"/query/limit"}


def test_an_unknown_query_parameter_is_refused_except_from_wechat() -> None:
    assert _told(list_activities.query, {"page": "2"}) == [("/query/page", "is not known here")]
    pushed = receive_wechat_push.query({"timestamp": "1", "nonce": "n", "added_by_wechat": "x"})
    assert pushed["added_by_wechat"] == "x"


def test_path_parameters_are_checked() -> None:
    assert put_consent.path({"purpose": "steps"}) == {"purpose": "steps"}
    assert [pointer for pointer, _ in _told(put_consent.path, {"purpose": "marketing"})] == ["/path/purpose"]


def test_an_idempotency_key_is_at_most_64_visible_characters() -> None:
    assert record_activity.headers({"idempotency-key": "k" * 64, "host": "x"})["idempotency-key"] == "k" * 64
    for key in ("", "k" * 65, "a b", "é"):
        assert {pointer for pointer, _ in _told(record_activity.headers, {"idempotency-key": key})} == {
            "/headers/idempotency-key"
        }


@pytest.mark.parametrize("depth", [300, 600, 900, 5_000])
def test_a_body_of_brackets_is_a_bad_request_however_deep(depth: int):
    deep = "[" * depth + "]" * depth
    body = json.dumps(ACT | {"evidence_ids": ["x", "y"]}).replace('"x"', deep).replace('"y"', deep)
    with pytest.raises(ContractError):
        _body(body.encode(), {}, record_activity)


@pytest.mark.parametrize("reason", ["I_DONT_LIKE_IT", "FILE_MISSING"])
def test_a_verifier_has_only_the_reasons_that_members_get_a_sentence_for(reason: str) -> None:
    assert _told(decide_review.body, {"decision": "refuse", "reason_code": reason})[0][0] == "/reason_code"
    refusal = {"decision": "refuse", "reason_code": "QUANTITY_DIFFERS"}
    assert decide_review.body(dict(refusal)) == refusal
