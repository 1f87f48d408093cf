"""No act waits for a machine that stopped: it is found without a scan, its verification goes on, and once its hold has run out it
is ended."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from puhui.activities import reading, recording, scheduled_checks, verification
from puhui.activities.acts.repository import FIRST_CHECK_AFTER
from puhui.activities.errors import ReviewDecided
from puhui.activities.reviews import usecases as reviews
from puhui.activities.reviews.model import Reviewer, Vote
from puhui.store import aws
from tests.contracts.activities.conftest import SENT, Acts
from tests.contracts.activities.test_verifying_photos import trip
from tests.unit.activities.test_pictures_and_risk import photo

MACHINE = "arn:aws-cn:states:cn-north-1:1:stateMachine:puhui-verification"


class Machine:
    """Step Functions as far as this goes; everything else goes where it belongs."""

    def __init__(self) -> None:
        self.executions: dict[str, str] = {}
        self.broken = False

    def __call__(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        assert service == "states"
        if self.broken:
            raise aws.AwsError("ThrottlingException", 400, {})
        if operation == "DescribeExecution":
            return {"status": self.executions[request["executionArn"].rpartition(":")[2]]}
        if request["name"] in self.executions:
            raise aws.AwsError("ExecutionAlreadyExists", 400, {})
        self.executions[request["name"]] = "RUNNING"
        return {}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr("puhui.store.states.aws.call", made)
    return made


def look(acts: Acts, at: datetime) -> dict[str, int]:
    return dict(scheduled_checks.check_waiting(acts.tables, MACHINE, at, lambda: 0, 1))


def verifying(acts: Acts) -> str:
    return trip(acts, acts.photo(photo(1)))


def test_an_act_whose_verification_never_started_is_found_and_started(acts: Acts, machine: Machine):
    activity_id = verifying(acts)
    assert look(acts, SENT + FIRST_CHECK_AFTER - timedelta(seconds=1)) == {}
    assert look(acts, SENT + FIRST_CHECK_AFTER) == {"started": 1}
    assert machine.executions == {activity_id: "RUNNING"}


def test_each_look_comes_when_the_act_is_twice_as_old(acts: Acts, machine: Machine):
    verifying(acts)
    assert look(acts, SENT + FIRST_CHECK_AFTER) == {"started": 1}
    assert look(acts, SENT + 2 * FIRST_CHECK_AFTER - timedelta(seconds=1)) == {}
    assert look(acts, SENT + 2 * FIRST_CHECK_AFTER) == {"waiting": 1}
    assert look(acts, SENT + 3 * FIRST_CHECK_AFTER) == {}
    assert look(acts, SENT + 4 * FIRST_CHECK_AFTER) == {"waiting": 1}


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_verification_that_failed_is_started_again(acts: Acts, machine: Machine, status: str):
    activity_id = verifying(acts)
    machine.executions[activity_id] = status
    assert look(acts, SENT + FIRST_CHECK_AFTER) == {"started": 1}
    assert machine.executions[f"{activity_id}.2"] == "RUNNING"


def test_an_act_that_nothing_helped_is_ended_when_its_hold_has_run_out(acts: Acts, machine: Machine):
    activity_id = verifying(acts)
    machine.executions[activity_id] = "RUNNING"
    assert look(acts, SENT + timedelta(days=recording.VERIFICATION_DAYS)) == {"ended": 1}
    ended = reading.get_activity(acts.member_id, activity_id, activities=acts.tables.activities)
    assert (ended.status, ended.reason_code, ended.credits_mg) == ("expired", "REVIEW_EXPIRED", 0)
    assert acts.balance().amounts.get("pending_mg", 0) == 0
    assert look(acts, SENT + timedelta(days=99)) == {}
    assert acts.sound()


def test_the_review_of_an_act_that_is_ended_leaves_the_queues(acts: Acts, machine: Machine):
    activity_id = verifying(acts)
    machine.executions[activity_id] = "RUNNING"
    desk = acts.tables.activities.reviews
    review = verification.request_review(
        acts.member_id, activity_id, 60, [], "t", 60, activities=acts.tables.activities, now=SENT
    )
    assert list(desk.waiting("carbon-88")) == [review.id]
    assert look(acts, SENT + timedelta(days=recording.VERIFICATION_DAYS)) == {"ended": 1}
    assert [list(desk.waiting(queue)) for queue in review.queues] == [[] for _ in review.queues]


def test_an_act_that_has_ended_is_not_looked_at_again(acts: Acts, machine: Machine):
    for hours, end in enumerate((verification.credit_activity, refuse)):
        activity_id = trip(acts, acts.photo(photo(hours)), hours_ago=2 * hours)
        end(acts.member_id, activity_id, tables=acts.tables, now=SENT)
    assert look(acts, SENT + timedelta(days=99)) == {}
    assert machine.executions == {}


def refuse(member_id: str, activity_id: str, **more: Any) -> object:
    return verification.refuse_activity(member_id, activity_id, "NOT_THE_ACT", **more)


def test_one_that_cannot_be_looked_after_holds_up_no_other_and_comes_again(acts: Acts, machine: Machine):
    for number in range(3):
        trip(acts, acts.photo(photo(number)), hours_ago=2 * number)
    machine.broken = True
    assert look(acts, SENT + FIRST_CHECK_AFTER) == {"failed": 3}
    machine.broken = False
    assert look(acts, SENT + FIRST_CHECK_AFTER) == {"started": 3}


def test_a_review_that_was_decided_before_the_machine_came_again_tells_its_decision(acts: Acts):
    activity_id = verifying(acts)

    def request(token: str) -> object:
        return verification.request_review(
            acts.member_id,
            activity_id,
            60,
            ["MACHINE_FAILED"],
            token,
            60,
            activities=acts.tables.activities,
            now=SENT,
        )

    review = request("first")
    reviews.decide_review(
        review.id,
        Reviewer("reviewer"),
        Vote("reviewer", "approve", at=SENT),
        reviews=acts.tables.activities.reviews,
    )
    with pytest.raises(ReviewDecided) as decided:
        request("second")
    assert decided.value.code == "REVIEW_DECIDED"  # which the state machine takes to close_review
    closed = verification.close_review(
        acts.member_id, activity_id, activities=acts.tables.activities, now=SENT
    )
    assert closed == {"decision": "approve", "reason_code": ""}
