"""What follows from a change of the activities' table: a verification starts, a waiting task gets its answer, a member
joins the programme of a first act.

The stream is the outbox: the request that caused the change wrote once and is over. Each effect is idempotent: an
execution is named after its activity, and a task's second answer is refused by Step Functions and ignored here.
"""

import json
from typing import Any

from puhui.activities.dynamo import Activities, activity_from
from puhui.activities.model import ACTED, VERIFYING
from puhui.activities.verification import content_check, given
from puhui.kernel import clock
from puhui.store import aws, states
from puhui.store.values import Item

ANSWERED = {"TaskTimedOut", "InvalidToken", "TaskDoesNotExist"}


def follow(item: Item | None, state_machine: str, activities: Activities) -> None:
    """Do what the item's new state asks for."""
    if item is None:
        return
    entry = item["entry"]
    if entry.startswith("A#") and item.get("joins"):
        recorded_at = clock.from_text(item["recorded"])
        terms = item["record"].get("terms", "")
        activities.join_first(item["owner"].partition(":")[2], item["programme"], terms, ACTED, recorded_at)
    if entry.startswith("A#") and item["status"] == VERIFYING:
        start(item, state_machine)
    elif entry == "check" and "suggest" in item and "task_token" in item:
        answer(item["task_token"], content_check(item["suggest"], item["evidence_id"]))
    elif entry == "review" and item["state"] == "decided":
        answer(item["task_token"], {"decision": item["decision"], "reason_code": item["reason_code"]})


def start(item: Item, state_machine: str) -> None:
    """Start the verification of an activity, once."""
    activity = activity_from(item)
    states.start_once(state_machine, activity.id, given(activity))


def answer(task_token: str, output: dict[str, Any]) -> None:
    """Give a waiting task its output; one that no longer waits has had its answer or its time."""
    try:
        aws.call("states", "SendTaskSuccess", {"taskToken": task_token, "output": json.dumps(output)})
    except aws.AwsError as error:
        if error.code not in ANSWERED:
            raise
