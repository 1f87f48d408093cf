"""Step Functions: starting an execution once."""

import json
from typing import Any

from puhui.store import aws


def start_once(state_machine: str, name: str, given: dict[str, Any]) -> None:
    """Start the execution that ``name`` stands for; one that was started before is left as it is."""
    request = {"stateMachineArn": state_machine, "name": name, "input": json.dumps(given)}
    try:
        aws.call("states", "StartExecution", request)
    except aws.AwsError as error:
        if error.code != "ExecutionAlreadyExists":
            raise
