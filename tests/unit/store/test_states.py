"""What was started again under another name is stopped with the first."""

from typing import Any

import pytest

from puhui.store import aws, states

MACHINE = "arn:aws-cn:states:cn-north-1:1:stateMachine:m"


class Machine:
    """Step Functions with executions by name."""

    def __init__(self, **executions: str) -> None:
        self.executions = executions

    def __call__(self, _service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        name = request.get("name") or request["executionArn"].rpartition(":")[2]
        if operation == "StartExecution":
            if name in self.executions:
                raise aws.AwsError("ExecutionAlreadyExists", 400, {})
            self.executions[name] = "RUNNING"
        elif name not in self.executions:
            raise aws.AwsError("ExecutionDoesNotExist", 400, {})
        elif operation == "StopExecution":
            if self.executions[name] != "RUNNING":
                raise aws.AwsError("ValidationException", 400, {})
            self.executions[name] = "ABORTED"
        return {"status": self.executions[name]}


def test_all_that_was_started_again_is_stopped_and_what_is_over_is_left(monkeypatch: pytest.MonkeyPatch):
    machine = Machine(a="FAILED", b="RUNNING")
    monkeypatch.setattr("puhui.store.states.aws.call", machine)
    assert states.start_again(MACHINE, "a", {})
    machine.executions["a.2"] = "FAILED"
    assert states.start_again(MACHINE, "a", {})
    states.stop(MACHINE, "a")
    assert machine.executions == {"a": "FAILED", "a.2": "FAILED", "a.2.2": "ABORTED", "b": "RUNNING"}
    states.stop(MACHINE, "never-was")
