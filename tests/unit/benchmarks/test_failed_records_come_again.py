"""The fifth mend of infra/local/mended_ministack.py: failed records of a table's stream are delivered again, up to a number."""

from typing import Any

import pytest

from infra.local import mended_ministack

FUNCTION = {"config": {"FunctionName": "follow"}}
BATCH = {"Records": [{"eventSource": "aws:dynamodb"}]}
FAILED = {"body": {"batchItemFailures": [{"itemIdentifier": "7"}]}}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the function answers, one after the other."""
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(mended_ministack, "_execute", lambda _function, _event: given.pop(0))
    mended_ministack._deliveries.clear()
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
    told = [mended_ministack.execute(FUNCTION, BATCH).get("error", False) for _ in list(answers)]
    assert told == [True] * (mended_ministack.DELIVERIES_MAX - 1) + [False]


def test_what_comes_from_elsewhere_is_as_it_was(answers: list[dict[str, Any]]) -> None:
    answers += [FAILED, FAILED]
    assert mended_ministack.execute(FUNCTION, {"Records": [{"eventSource": "aws:sqs"}]}) == FAILED
    assert mended_ministack.execute(FUNCTION, "a string") == FAILED
