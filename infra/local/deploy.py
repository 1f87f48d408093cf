"""`sam deploy` against the emulator, with a look at how far it is and, when it fails, at why."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.build import run_sam
from infra.local.emulator import Emulator, tool_environment
from infra.local.settings import BUCKET, REGION, STACK, CannotStart

FAILURES_SHOWN = 5
RECORD = "/puhui-local/made-from"


def sam_deploy(
    emulator: Emulator, build: Path, overrides: Path, log: Path, progress: Callable[[int], None]
) -> None:
    """Deploy what was built; ``progress`` is told how many resources stand. Raises CannotStart with resource and reason."""
    sam = [
        str(Path(sys.executable).with_name("sam")),
        "deploy",
        "--template-file",
        str(build / "template.yaml"),
    ]
    options = ["--stack-name", STACK, "--region", REGION, "--s3-bucket", BUCKET, "--s3-prefix", "root"]
    options += [
        "--capabilities",
        "CAPABILITY_IAM",
        "CAPABILITY_AUTO_EXPAND",
        "--parameter-overrides",
        f"file://{overrides}",
    ]
    options += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
    formation = emulator.client("cloudformation")
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(formation, progress, done), daemon=True)
    watcher.start()
    started = time.time()
    try:
        run_sam(
            emulator,
            [*sam, *options],
            tool_environment(emulator.endpoint),
            log,
            "The deploy failed",
        )
    except CannotStart:
        if emulator.alive() and (reasons := failures(formation, started)):
            raise CannotStart(
                "The deploy failed:\n" + "\n".join(reasons) + f"\nAll that SAM said: {log}"
            ) from None
        raise
    finally:
        done.set()
        watcher.join(5)


def outputs(emulator: Emulator) -> dict[str, str] | None:
    """The root stack's outputs, or None when it does not stand as it should."""
    try:
        stack = emulator.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError:
        return None
    if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def remembered(emulator: Emulator) -> dict[str, str]:
    """What ``remember`` wrote last. It lies in the emulator and is kept with the deployment or not at all."""
    try:
        value: str = emulator.client("ssm").get_parameter(Name=RECORD)["Parameter"]["Value"]
    except ClientError:
        return {}
    record: dict[str, str] = json.loads(value)
    return record


def remember(emulator: Emulator, record: dict[str, str]) -> None:
    """Write down from which sources the deployment and its demo data were made, and keep both from now on."""
    emulator.client("ssm").put_parameter(Name=RECORD, Value=json.dumps(record), Type="String", Overwrite=True)
    emulator.save()


def resume_executions(emulator: Emulator) -> int:
    """Start again what waited in a state machine when the emulator stopped, which it cannot keep. A step may run twice,
    so that beginning from the start is safe. Returns how many were resumed."""
    states = emulator.client("stepfunctions")
    resumed = 0
    for machine in states.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=arn, statusFilter="FAILED")
        for listed in [each for page in pages for each in page["executions"]]:
            execution = states.describe_execution(executionArn=listed["executionArn"])
            if execution.get("error") != "States.ServiceRestart":
                continue
            with contextlib.suppress(states.exceptions.ExecutionAlreadyExists):
                states.start_execution(
                    stateMachineArn=arn, name=f"{execution['name']}-r", input=execution["input"]
                )
                resumed += 1
    return resumed


def failures(formation: Any, since: float) -> list[str]:
    """The resources that failed and why, the first ones first, of all stacks of this deployment."""
    found = []
    for stack in _stacks(formation):
        for event in formation.describe_stack_events(StackName=stack["StackId"])["StackEvents"]:
            reason = event.get("ResourceStatusReason", "")
            if (
                event["ResourceStatus"].endswith("_FAILED")
                and "cancelled" not in reason
                and event["Timestamp"].timestamp() >= since - 1
            ):
                found.append(
                    (
                        event["Timestamp"],
                        f"  {stack['StackName']}: {event['LogicalResourceId']} ({event['ResourceType']}): {reason}",
                    )
                )
    return list(dict.fromkeys(line for _, line in sorted(found)))[:FAILURES_SHOWN]


def _stacks(formation: Any) -> list[dict[str, Any]]:
    pages = formation.get_paginator("describe_stacks").paginate()
    return [stack for page in pages for stack in page["Stacks"] if stack["StackName"].split("-")[0] == STACK]


def _watch(formation: Any, progress: Callable[[int], None], done: threading.Event) -> None:
    while not done.wait(1):
        try:
            count = 0
            for stack in _stacks(formation):
                listed = formation.list_stack_resources(StackName=stack["StackName"])[
                    "StackResourceSummaries"
                ]
                count += sum(resource["ResourceStatus"].endswith("_COMPLETE") for resource in listed)
        except (BotoCoreError, ClientError):
            continue
        progress(count)
