"""Executions of state machines: each once, but what failed is tried again by whoever asks again."""

from typing import Any

import pytest

from puhui.store import aws, states

MACHINE = "arn:aws-cn:states:cn-north-1:1:stateMachine:puhui-posting"


class Machine:
    """Step Functions, as far as names and ends of executions go."""

    def __init__(self) -> None:
        self.executions: dict[str, str] = {}

    def __call__(self, _service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation == "DescribeExecution":
            where, _, name = request["executionArn"].rpartition(":")
            assert where == MACHINE.replace("stateMachine", "execution")
            return {"status": self.executions[name]}
        if request["name"] in self.executions:
            raise aws.AwsError("ExecutionAlreadyExists", 400, {})
        self.executions[request["name"]] = "RUNNING"
        return {}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(aws, "call", made)
    return made


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_what_runs_or_went_well_is_left_as_it_is(machine: Machine, status: str):
    states.start_again(MACHINE, "S-1", {})
    machine.executions["S-1"] = status
    states.start_again(MACHINE, "S-1", {})
    assert machine.executions == {"S-1": status}


@pytest.mark.parametrize("status", states.FAILURES)
def test_what_failed_is_started_again_as_often_as_it_fails(machine: Machine, status: str):
    states.start_again(MACHINE, "S-1", {})
    for name in ("S-1", "S-1.2"):
        machine.executions[name] = status
        states.start_again(MACHINE, "S-1", {})
    assert machine.executions == {"S-1": status, "S-1.2": status, "S-1.2.2": "RUNNING"}
