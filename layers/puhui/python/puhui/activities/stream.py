"""What follows from a change in the activities' table: a verification starts, a waiting task gets its answer, a member
joins the programme of a first act, or reads how an appeal ended.

The stream is the outbox: the request that caused the change wrote once and is over. Each effect is idempotent: an
execution is named after its activity, and a task's second answer is refused by Step Functions and ignored here.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from puhui.activities.acts.model import REFUSED, VERIFYING, Activity
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.appeals.model import OPEN as APPEAL_OPEN
from puhui.activities.appeals.model import Appeal
from puhui.activities.appeals.repository import APPEAL
from puhui.activities.evidence.usecases import content_check
from puhui.activities.memberships import ACTED
from puhui.activities.reviews.model import DECIDED
from puhui.activities.reviews.repository import REVIEW
from puhui.activities.risk.following import count_decision, remember
from puhui.activities.tables import Activities
from puhui.activities.verification import execution_input, execution_name
from puhui.store import aws, states
from puhui.store.values import Item

ANSWERED = {"TaskTimedOut", "InvalidToken", "TaskDoesNotExist"}


def follow(
    item: Item | None,
    state_machine: str,
    activities: Activities,
    now: datetime,
    tell: Callable[[Appeal | Activity], None] = lambda _: None,
) -> None:
    """Do what the item's new state asks for. ``tell``: tells a member how an appeal ended, or that an act was voided."""
    if item is None:
        return
    if item["entry"].startswith("A#"):
        activity = ACTIVITY.read(item)
        _follow_activity(activity, state_machine, activities, now)
        if activity.voiding and activity.status == REFUSED:
            tell(activity)
    elif item["entry"] == "check" and "suggest" in item and "task_token" in item:
        answer(item["task_token"], content_check(item["suggest"], item["evidence_id"]))
    elif item["entry"] == "review" and item["state"] == DECIDED:
        review = REVIEW.read(item)
        if review.task_token:
            count_decision(review, activities, now)
            answer(review.task_token, {"decision": review.decision, "reason_code": review.reason_code})
    elif item["entry"] == "appeal" and item["state"] != APPEAL_OPEN:
        tell(APPEAL.read(item))


def _follow_activity(activity: Activity, state_machine: str, activities: Activities, now: datetime) -> None:
    if activity.joins:
        terms = activity.record.get("terms", "")
        activities.memberships.join_first(
            activity.member_id, activity.programme_id, terms, ACTED, activity.recorded_at
        )
    if activity.status == VERIFYING:
        states.start_once(state_machine, execution_name(activity), execution_input(activity))
    remember(activity, activities, now)


def answer(task_token: str, output: dict[str, Any]) -> None:
    """Give a waiting task its output; one that no longer waits has had its answer or its time."""
    try:
        aws.call("states", "SendTaskSuccess", {"taskToken": task_token, "output": json.dumps(output)})
    except aws.AwsError as error:
        if error.code not in ANSWERED:
            raise
