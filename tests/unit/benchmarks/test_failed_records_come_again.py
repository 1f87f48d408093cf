"""The fifth mend of infra/local/mended_ministack.py: failed records of a table's stream are delivered again, up to a number."""

from typing import Any

import pytest

from infra.local import mended_ministack

FUNCTION = {"config": {"FunctionName": "follow"}}
BATCH = {
    "Records": [
        {"eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": number}} for number in ("6", "7", "8")
    ]
}
FAILED = {"body": {"batchItemFailures": [{"itemIdentifier": "7"}]}}
WELL = {"body": {"batchItemFailures": []}}


delivered: list[list[str]] = []


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the function answers, one after the other."""
    given: list[dict[str, Any]] = []

    def execute(_function: Any, event: Any) -> Any:
        if isinstance(event, dict):
            delivered.append([each.get("dynamodb", {}).get("SequenceNumber") for each in event["Records"]])
        return given.pop(0)

    delivered.clear()
    monkeypatch.setattr(mended_ministack, "_execute", execute)
    mended_ministack._deliveries.clear()
    mended_ministack._begins.clear()
    return given


def test_a_batch_with_a_failed_record_fails(answers: list[dict[str, Any]]) -> None:
    answers.append(FAILED)
    assert mended_ministack.execute(FUNCTION, BATCH)["error"]


def test_a_batch_without_one_does_not(answers: list[dict[str, Any]]) -> None:
    answers += [{"body": {"batchItemFailures": []}}, {"body": None}]
    assert "error" not in mended_ministack.execute(FUNCTION, BATCH)
    assert "error" not in mended_ministack.execute(FUNCTION, BATCH)


def test_a_record_that_always_fails_is_let_go_in_the_end(answers: list[dict[str, Any]]) -> None:
    answers += [FAILED] * mended_ministack.DELIVERIES_MAX
    answers.append(WELL)
    told = [mended_ministack.execute(FUNCTION, BATCH).get("error", False) for _ in list(answers)]
    assert told == [True] * mended_ministack.DELIVERIES_MAX + [False]
    assert delivered[-2:] == [["7", "8"], ["8"]]


def test_the_next_delivery_begins_with_the_first_that_failed(answers: list[dict[str, Any]]) -> None:
    answers += [FAILED, WELL, WELL]
    told = [mended_ministack.execute(FUNCTION, BATCH).get("error", False) for _ in range(3)]
    assert told == [True, False, False]
    assert delivered == [["6", "7", "8"], ["7", "8"], ["6", "7", "8"]]


def test_a_function_that_failed_gets_the_same_again(answers: list[dict[str, Any]]) -> None:
    answers += [FAILED, {"error": True, "body": None}, WELL]
    for _ in range(3):
        mended_ministack.execute(FUNCTION, BATCH)
    assert delivered == [["6", "7", "8"], ["7", "8"], ["7", "8"]]


def test_what_comes_from_elsewhere_is_as_it_was(answers: list[dict[str, Any]]) -> None:
    answers += [FAILED, FAILED]
    assert mended_ministack.execute(FUNCTION, {"Records": [{"eventSource": "aws:sqs"}]}) == FAILED
    assert mended_ministack.execute(FUNCTION, "a string") == FAILED
