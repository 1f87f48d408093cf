"""The state machines as the local cloud runs them, each step failing in turn with what nobody foresaw: how each ends."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ministack.services import stepfunctions

from infra.local import mended_ministack
from puhui.laboratory.model import Correction, Trial
from puhui.laboratory.repository import Laboratory
from puhui.points.dynamo import Points
from puhui.points.model import Job
from puhui.points.report import Report
from puhui.settlement.repositories import Repositories
from puhui.settlement.settlements.model import Settlement
from puhui.store.session import Session
from tests.support import gateway

ROOT = Path(__file__).parents[2]
WORKFLOWS, STACKS = ROOT / "infra/workflows", ROOT / "infra/stacks"
NOW, TODAY = datetime(2026, 11, 1, tzinfo=UTC), date(2026, 11, 1)
ACT = {"member_id": "M", "activity_id": "A", "evidence_ids": ["E1", "E2"]}
TIMED_OUT = "Sandbox.Timedout"
Work = Callable[[dict[str, Any]], Any]


class Steps:
    """Functions by name; ``broken`` ones fail, those of ``once`` a single time. ``done``: which did their work, on what."""

    def __init__(self, functions: dict[str, Work]) -> None:
        self.functions = functions
        self.broken: set[str] = set()
        self.once: set[str] = set()
        self.error = TIMED_OUT
        self.done: list[tuple[str, dict[str, Any]]] = []

    def call(self, name: str, event: dict[str, Any]) -> Any:
        if name in self.broken or name in self.once:
            self.once.discard(name)
            raise stepfunctions._ExecutionError(self.error, "as a function that was stopped")
        self.done.append((name, event))
        return self.functions[name](event)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.done}

    def given(self, name: str) -> dict[str, Any]:
        """What the function was called with last."""
        return next(event for each, event in reversed(self.done) if each == name)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Plays a machine to its end, at once: its status, and its error."""
    monkeypatch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 0)
    monkeypatch.setattr(stepfunctions, "_call_lambda", mended_ministack.call_lambda)
    monkeypatch.setattr(stepfunctions, "_invoke_with_callback", mended_ministack.invoke_with_callback)

    def play(name: str, steps: Steps, given: dict[str, Any]) -> str:
        monkeypatch.setattr(mended_ministack, "_call", steps.call)
        text = (WORKFLOWS / f"{name}.asl.json").read_text()
        text = text.replace("${Partition}", "aws")
        text = re.sub(r"\$\{(\w+Seconds)\}", "1", text)
        definition = re.sub(r"\$\{(\w+)\}", r"\1", text)
        machine, execution = (
            f"arn:aws:states:x:1:stateMachine:{name}",
            f"arn:aws:states:x:1:execution:{name}:1",
        )
        monkeypatch.setitem(
            stepfunctions._state_machines, machine, {"name": name, "definition": definition, "roleArn": ""}
        )
        run = {
            "executionArn": execution,
            "stateMachineArn": machine,
            "name": "1",
            "status": "RUNNING",
            "startDate": "2026-11-30T00:00:00Z",
            "stopDate": None,
            "input": json.dumps(given),
            "output": None,
            "testCase": None,
            "mockAttempts": {},
            "events": [],
        }
        monkeypatch.setitem(stepfunctions._executions, execution, run)
        stepfunctions._run_execution(execution)
        return " ".join(filter(None, [run["status"], run.get("error")]))

    return play


def answering(output: dict[str, Any]) -> Work:
    """A function that brings a token away and has its answer at once."""

    def work(event: dict[str, Any]) -> None:
        stepfunctions._send_task_success({"taskToken": event["task_token"], "output": json.dumps(output)})

    return work


def fine(event: dict[str, Any]) -> dict[str, Any]:
    return {"evidence_id": event["evidence_id"], "reason_code": "", "signals": []}


def assessed(event: dict[str, Any]) -> dict[str, Any]:
    signals = {
        signal for each in event["pictures"] for check in each["checks"] for signal in check["signals"]
    }
    outcome = "review" if signals else "approve"
    return {"outcome": outcome, "score": 60, "signals": sorted(signals), "reason_code": ""}


@pytest.fixture
def steps() -> Steps:
    return Steps(
        {
            "InspectEvidence": fine,
            "RequestContentCheck": answering({"evidence_id": "E", "reason_code": "", "signals": []}),
            "AssessRisk": assessed,
            "RequestReview": answering({"decision": "approve", "reason_code": ""}),
            "CloseReview": lambda _: {"decision": "approve", "reason_code": ""},
            "CreditActivity": lambda _: {"status": "credited"},
            "RefuseActivity": lambda _: {"status": "refused"},
            "NotifyMember": lambda _: {"told": True},
        }
    )


def test_an_act_that_nothing_is_wrong_with_is_credited(play: Any, steps: Steps):
    assert play("verification", steps, ACT) == "SUCCEEDED"
    assert steps.names == {
        "InspectEvidence", "RequestContentCheck", "AssessRisk", "CreditActivity", "NotifyMember",
    }  # fmt: skip


STEPS = ["InspectEvidence", "RequestContentCheck", "AssessRisk", "CreditActivity", "NotifyMember"]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_took_too_long_once_changes_nothing(play: Any, steps: Steps, step: str):
    steps.once = {step}
    assert play("verification", steps, ACT) == "SUCCEEDED"
    assert "CreditActivity" in steps.names
    assert "RequestReview" not in steps.names


@pytest.mark.parametrize("error", [TIMED_OUT, "MemoryError", "Runtime.ExitError", "ANYTHING"])
@pytest.mark.parametrize("step", ["InspectEvidence", "AssessRisk"])
def test_a_step_that_goes_on_failing_hands_the_act_to_a_person(
    play: Any, steps: Steps, step: str, error: str
):
    steps.broken, steps.error = {step}, error
    assert play("verification", steps, ACT) == "SUCCEEDED"
    assert steps.given("RequestReview")["signals"] == ["MACHINE_FAILED"]
    assert "CreditActivity" in steps.names


def test_a_content_check_that_cannot_be_asked_for_is_for_a_person_too(play: Any, steps: Steps):
    steps.broken = {"RequestContentCheck"}
    assert play("verification", steps, ACT) == "SUCCEEDED"
    assert steps.given("RequestReview")["signals"] == ["CONTENT_UNCHECKED"]


def test_a_review_that_was_decided_before_is_read(play: Any, steps: Steps):
    steps.functions["AssessRisk"] = lambda _: {
        "outcome": "review", "score": 60, "signals": [], "reason_code": "",
    }  # fmt: skip
    steps.broken, steps.error = {"RequestReview"}, "REVIEW_DECIDED"
    assert play("verification", steps, ACT) == "SUCCEEDED"
    assert {"CloseReview", "CreditActivity"} <= steps.names


def test_a_hold_that_ran_out_refuses_the_act(play: Any, steps: Steps):
    steps.broken, steps.error = {"CreditActivity"}, "HOLD_RAN_OUT"
    assert play("verification", steps, ACT) == "SUCCEEDED"
    assert steps.given("RefuseActivity")["reason_code"] == "REVIEW_EXPIRED"


def test_what_cannot_even_be_ended_is_left_to_the_watch(play: Any, steps: Steps):
    steps.broken = {"CreditActivity"}
    assert play("verification", steps, ACT) == "FAILED LEFT_TO_SCHEDULED_CHECKS"
    steps.broken = {"InspectEvidence", "RequestReview"}
    assert play("verification", steps, ACT) == "FAILED LEFT_TO_SCHEDULED_CHECKS"


def test_a_message_that_cannot_be_sent_ends_nothing(play: Any, steps: Steps):
    steps.broken = {"NotifyMember"}
    assert play("verification", steps, ACT) == "SUCCEEDED"
    assert "CreditActivity" in steps.names


@pytest.fixture
def shards() -> Steps:
    return Steps({"Work": lambda event: event, "Close": lambda event: event})


def closing(machine: str) -> ModuleType:
    """The function that closes what the machine worked through."""
    (app,) = gateway.FUNCTIONS.glob(f"*/steps/close_{machine}/app.py")
    return gateway.load(app)


# Each starts a work, and gives its id and how to read it again.
Running = Callable[[], tuple[str, Callable[[], Any]]]


def _trial() -> tuple[str, Callable[[], Any]]:
    trials = Laboratory.from_environment().trials
    return trials.add(Trial("T", "carbon-88", "subway-trip", {}, 7, TODAY, (), "A")).id, lambda: trials.find(
        "T"
    )


def _correction() -> tuple[str, Callable[[], Any]]:
    corrections = Laboratory.from_environment().corrections
    wrong = Correction("C", "carbon-88", "a@1", "a@2", TODAY, TODAY, "why", "A", status="running")
    return corrections.add(wrong).id, lambda: corrections.find("C")


def _expiry() -> tuple[str, Callable[[], Any]]:
    points = Points.from_environment()
    return points.start_job(Job("2026-11-01", TODAY)).id, lambda: points.job("2026-11-01")


def _report() -> tuple[str, Callable[[], Any]]:
    points = Points.from_environment()
    report = points.start_report(Report("R", "carbon-88", "O", NOW))
    return report.id, lambda: points.report(report.id)


def _settlement(status: str = "computing") -> tuple[str, Callable[[], Any]]:
    repositories = Repositories.from_environment()
    session = Session(repositories.dynamodb)
    repositories.settlements.add(session, Settlement("S", "carbon-88", NOW, "O", NOW, status=status))
    session.commit()
    return "S", lambda: repositories.settlements.find("S")


RUNNING_WORKS: dict[str, Running] = {
    "trial": _trial,
    "correction": _correction,
    "expiry": _expiry,
    "report": _report,
    "settlement": _settlement,
    "posting": lambda: _settlement("approved"),
}
GIVEN = {"id": "S", "shards": [{"id": "S", "shard": 0}, {"id": "S", "shard": 1}]}


def test_all_shards_are_closed_in_the_end(play: Any, shards: Steps):
    assert play("shards", shards, GIVEN) == "SUCCEEDED"
    assert shards.given("Close") == {"id": "S"}


def test_a_shard_that_goes_on_failing_stops_all_and_says_so(play: Any, shards: Steps):
    shards.broken = {"Work"}
    assert play("shards", shards, GIVEN) == "FAILED STOPPED"
    assert shards.done == [("Close", {"id": "S", "stopped": True})]


@pytest.mark.parametrize("machine", RUNNING_WORKS)
def test_what_stopped_says_so_itself(
    play: Any,
    machine: str,
    make_table: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
):
    """Of each context that runs this machine, with its own last step."""
    for context in ("points", "ledger", "rewards", "merchants", "laboratory", "settlement"):
        monkeypatch.setenv(f"{context.upper()}_TABLE", make_table(context))
    work_id, find = RUNNING_WORKS[machine]()
    steps = Steps({"Work": fine, "Close": lambda event: closing(machine).app(event, None)})
    steps.broken = {"Work"}
    assert play("shards", steps, {"id": work_id, "shards": [{"id": work_id, "shard": 0}]}) == "FAILED STOPPED"
    assert find().stopped


def test_every_context_that_runs_through_shards_is_tried():
    """Whoever else uses the machine comes to the list."""
    used = re.findall(
        r"shards\.asl\.json(?s:.*?)Close: !GetAtt (\w+)Function\.Arn",
        "".join(path.read_text() for path in STACKS.glob("*.yaml")),
    )
    assert {"close_" + name for name in RUNNING_WORKS} == {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in used
    }


def test_closing_that_goes_on_failing_says_so_too(play: Any, shards: Steps):
    def close(event: dict[str, Any]) -> dict[str, Any]:
        if "stopped" not in event:
            raise stepfunctions._ExecutionError("ArithmeticError", "the lines are not what was counted")
        return event

    shards.functions["Close"] = close
    assert play("shards", shards, GIVEN) == "FAILED STOPPED"
    assert shards.given("Close") == {"id": "S", "stopped": True}


ORDER = {"mode": "issue", "member_id": "M", "redemption_id": "R"}


@pytest.mark.parametrize("broken", [{"IssueOrder"}, {"IssueOrder", "CancelOrder"}, {"AwaitAnswer"}])
def test_an_order_ends_whatever_fails_before(play: Any, broken: set[str]):
    steps = Steps(
        {
            "IssueOrder": lambda _: {"answer": "accepted", "wait_seconds": 1},
            "AwaitAnswer": answering({"answer": "issued"}),
            "CancelOrder": lambda _: {},
            "EndRedemption": lambda _: {"status": "cancelled"},
        }
    )
    steps.broken = broken
    assert play("redemption", steps, ORDER) == "SUCCEEDED"
    assert "EndRedemption" in steps.names
    steps.broken = {"EndRedemption"}
    assert play("redemption", steps, ORDER) == "FAILED LEFT_TO_SCHEDULED_CHECKS"
