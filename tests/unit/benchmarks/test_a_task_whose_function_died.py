"""The seventh mend of infra/local/mended_ministack.py: a task that waits for its token fails with the function that was to bring
it away."""

import json
from typing import Any

import pytest
from ministack.services import stepfunctions

from infra.local import mended_ministack

WAITING = "arn:aws:states:::lambda:invoke.waitForTaskToken"
STATE = {"TimeoutSeconds": 5}


def wait(monkeypatch: pytest.MonkeyPatch, function: Any) -> Any:
    monkeypatch.setattr(mended_ministack, "_call", function)
    monkeypatch.setattr(stepfunctions, "_call_lambda", mended_ministack.call_lambda)
    return mended_ministack.invoke_with_callback(
        WAITING, {"FunctionName": "f", "Payload": {}}, "token", STATE
    )


def die(*_: Any) -> None:
    raise stepfunctions._ExecutionError("Runtime.HandlerError", "killed")


def test_a_dead_function_fails_its_task_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(stepfunctions._ExecutionError, match="HandlerError"):
        wait(monkeypatch, die)
    with pytest.raises(stepfunctions._ExecutionError, match="killed"):
        mended_ministack.call_lambda("f", {})  # nobody waits here


def test_an_answer_that_came_before_the_death_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer_and_die(*_: Any) -> None:
        stepfunctions._send_task_success({"taskToken": "token", "output": json.dumps({"answer": "issued"})})
        die()

    assert wait(monkeypatch, answer_and_die) == {"answer": "issued"}
