"""Step Functions: starting an execution once."""

import json
from typing import Any

from puhui.store import aws

AGAIN = ".2"  # after the name of the execution that failed
STARTED_AGAIN_MAX = 10  # names have at most 80 characters; one of ten that failed needs a person
FAILURES = ("FAILED", "TIMED_OUT", "ABORTED")


def start_once(state_machine: str, name: str, given: dict[str, Any]) -> bool:
    """Start the execution of this ``name``; one that was started before is not touched. Whether it was started now."""
    request = {"stateMachineArn": state_machine, "name": name, "input": json.dumps(given)}
    try:
        aws.call("states", "StartExecution", request)
    except aws.AwsError as error:
        if error.code != "ExecutionAlreadyExists":
            raise
        return False
    return True


def start_again(state_machine: str, name: str, given: dict[str, Any]) -> bool:
    """Start the execution of this ``name``, or where that ended in failure another one of the same, since its steps may
    run twice; one that runs or succeeded is not touched. Whether one was started now. Needs states:DescribeExecution, too."""
    if start_once(state_machine, name, given):
        return True
    execution = f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}"
    if aws.call("states", "DescribeExecution", {"executionArn": execution})["status"] in FAILURES:
        return start_again(state_machine, f"{name}{AGAIN}", given)
    return False


def stop(state_machine: str, name: str) -> None:
    """Stop the execution of this ``name``, and those that ``start_again`` put in its place; one that is over, or never was, is left as
    it is."""
    execution = f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}"
    for _ in range(STARTED_AGAIN_MAX):
        try:
            aws.call("states", "StopExecution", {"executionArn": execution})
        except aws.AwsError as error:
            if error.code == "ExecutionDoesNotExist":
                return
            if error.code != "ValidationException":  # it is over
                raise
        execution += AGAIN


def shards(work_id: str, count: int) -> dict[str, Any]:
    """The input of a machine that works off shards (``infra/workflows/shards.asl.json``). A shard's step may run twice: it counts
    what it does in the transaction that does it, and goes on from where it came to."""
    return {"id": work_id, "shards": [{"id": work_id, "shard": shard} for shard in range(count)]}
