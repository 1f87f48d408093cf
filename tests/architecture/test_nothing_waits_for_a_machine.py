"""Every path through every state machine ends in a state that somebody sees, whatever its tasks fail with: each task has a
time-out, retries and a catch-all, and no path ends without one of the tasks that end the business object, unless in a Fail
after which a schedule finds that object."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MACHINES = sorted((ROOT / "infra/workflows").glob("*.asl.json"))
ENDS = {  # what ends the object, or says with it that it stopped
    "verification": {"CreditActivity", "RefuseActivity"},
    "redemption": {"EndRedemption"},
    "shards": {"Close", "Stop"},
    "partner_file": {"Close", "Stop"},
    "export": {"CloseReady", "CloseFailed"},
    "erasure": {"FinishErasure", "TakenBack"},
}
LAST_RESORTS = {  # Fail states, and what finds their objects then: a function on a schedule, or an alarm
    ("verification", "Failed"): ("activities", "CheckWaitingActivitiesFunction"),
    ("redemption", "Failed"): ("rewards", "ReconcileRedemptionsFunction"),
    ("export", "LeftToTheSchedule"): ("privacy", "LookAfterPrivacyFunction"),
    ("erasure", "LeftToTheSchedule"): ("privacy", "LookAfterPrivacyFunction"),
    ("shards", "Stopped"): ("settlement", "SettlementFailedAlarm"),
    ("partner_file", "Stopped"): ("partner_files", "PartnerFileFailedAlarm"),
}
States = dict[str, dict[str, Any]]


def name_of(path: Path) -> str:
    return path.name.partition(".")[0]


def machine(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.sub(r"(?<![\w\"-])\$\{\w+\}", "1", path.read_text()))
    return found


def scopes(states: States) -> Iterator[tuple[States, bool]]:
    """The states of the machine, and of each map in it with whether the map catches what fails in it."""
    yield states, False
    for state in states.values():
        if "ItemProcessor" in state:
            for inner, _ in scopes(state["ItemProcessor"]["States"]):
                yield inner, catches_all(state)


def catches_all(state: dict[str, Any]) -> bool:
    catchers = state.get("Catch", [])
    return bool(catchers) and catchers[-1]["ErrorEquals"] == ["States.ALL"]


def tasks(path: Path) -> Iterator[tuple[str, dict[str, Any], bool]]:
    for states, caught_outside in scopes(machine(path)["States"]):
        for name, state in states.items():
            if state["Type"] == "Task":
                yield name, state, caught_outside


@pytest.mark.parametrize("path", MACHINES, ids=name_of)
def test_every_task_is_bounded_tried_again_and_caught(path: Path):
    for name, state, caught_outside in tasks(path):
        assert state.get("TimeoutSeconds"), name
        assert state["Retry"][-1]["ErrorEquals"] == ["States.ALL"], name
        assert catches_all(state) or caught_outside, name


@pytest.mark.parametrize("path", MACHINES, ids=name_of)
def test_every_map_catches_what_its_items_do_not(path: Path):
    for states, _ in scopes(machine(path)["States"]):
        assert all(catches_all(state) for state in states.values() if state["Type"] == "Map")


@pytest.mark.parametrize("path", MACHINES, ids=name_of)
def test_every_choice_has_a_default(path: Path):
    for states, _ in scopes(machine(path)["States"]):
        assert all(state.get("Default") for state in states.values() if state["Type"] == "Choice")


def followers(state: dict[str, Any]) -> list[str]:
    """Where a state leads when it went well."""
    found = [each["Next"] for each in state.get("Choices", [])]
    return found + [state[word] for word in ("Next", "Default") if word in state]


def endings(name: str, found: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Every (last state, whether the object was ended by then) that a path can come to."""
    seen: set[tuple[str, bool]] = set()
    waiting = [(found["StartAt"], False)]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        at, ended = place
        state = found["States"][at]
        done = ended or at in ENDS[name]
        if state.get("End") or state["Type"] in ("Succeed", "Fail"):
            yield at, done
        waiting += [(follower, done) for follower in followers(state)]
        waiting += [(each["Next"], ended) for each in state.get("Catch", [])]


@pytest.mark.parametrize("path", MACHINES, ids=name_of)
def test_no_path_ends_with_nothing_done(path: Path):
    name = name_of(path)
    undone = {at for at, ended in endings(name, machine(path)) if not ended}
    assert undone <= {state for each, state in LAST_RESORTS if each == name}


@pytest.mark.parametrize(("place", "where"), LAST_RESORTS.items())
def test_what_a_machine_leaves_is_found(place: tuple[str, str], where: tuple[str, str]):
    found = machine(ROOT / f"infra/workflows/{place[0]}.asl.json")
    assert found["States"][place[1]]["Type"] == "Fail"
    stack = (ROOT / f"infra/stacks/{where[0]}.yaml").read_text()
    begin = stack.index(f"\n  {where[1]}:\n")
    resource = re.split(r"\n  (?=\w)", stack[begin + 1 :])[0]
    assert "Schedule: rate(" in resource or "MetricName: ExecutionsFailed" in resource


def test_every_machine_is_known_here_and_its_failures_ring():
    assert {name_of(path) for path in MACHINES} == set(ENDS)
    stacks = "".join(path.read_text() for path in (ROOT / "infra/stacks").glob("*.yaml"))
    machines = re.findall(r"\n  (\w+):\n    Type: AWS::Serverless::StateMachine\n", stacks)
    watched = re.findall(
        r"MetricName: ExecutionsFailed\n      Dimensions: \[\{Name: StateMachineArn, Value: !Ref (\w+)",
        stacks,
    )
    assert sorted(machines) == sorted(watched)


def test_every_stream_keeps_what_it_cannot_handle_and_says_so():
    """A record that failed to the end is named in a queue, whose alarm tells."""
    for path in (ROOT / "infra/stacks").glob("*.yaml"):
        text = path.read_text()
        for mapping in re.findall(r"Type: DynamoDB\n(?:          .*\n)+", text):
            if '"signed"' in mapping:
                continue  # a doorbell: the checkpoint is published each minute anyway
            queue = re.search(r"OnFailure:\n\s+Type: SQS\n\s+Destination: !GetAtt (\w+)\.Arn", mapping)
            assert queue, (path.name, mapping)
            assert f"Value: !GetAtt {queue[1]}.QueueName" in text, (path.name, queue[1])
