"""From a failure of the local cloud to its cause in one step."""

import json
from pathlib import Path

import pytest

from infra.local import logs
from puhui.edge import log
from puhui.store.aws import AwsError

FINE = {
    "at": "1",
    "level": "INFO",
    "function": "puhui-get-me",
    "operation": "get_me",
    "request_id": "r-1",
    "status": 200,
}
BROKEN = {
    "at": "2",
    "level": "ERROR",
    "function": "puhui-get-me",
    "operation": "get_me",
    "request_id": "r-2",
    "failure": "KeyError",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / f"{logs.NAME}.1").write_text(f"{json.dumps(FINE)}\nno json\n", encoding="utf-8")
    (tmp_path / logs.NAME).write_text(f"{json.dumps(BROKEN)}\n", encoding="utf-8")
    return tmp_path


def test_the_lines_of_a_request_are_found_in_older_files_too(folder: Path):
    assert logs.of_request(folder, "r-1") == [
        "at=1  level=INFO  function=puhui-get-me  operation=get_me  request_id=r-1  status=200"
    ]
    assert logs.of_request(folder, "r-3") == []
    assert "the gateway itself refused it" in logs.nothing_found(folder / logs.NAME, "r-3")


def test_without_a_request_the_failures_are_listed(folder: Path):
    assert [line.split("  ")[-1] for line in logs.failures(folder)] == ["failure=KeyError"]


def test_a_failure_is_printed_when_it_happens_and_only_then(folder: Path):
    said: list[str] = []
    follower = logs.Follower(folder, said.append)
    follower.start()
    with (folder / logs.NAME).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(FINE)}\n{json.dumps(BROKEN | {'request_id': 'r-9'})}\n")
    follower.stop()
    assert [line for line in said if "r-9" in line] == said
    assert len(said) == 1


def test_a_denied_action_is_named_without_the_rest_of_the_message():
    message = "User: arn:aws:sts::0:assumed-role/role/x is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:x:0:table/t"
    error = AwsError("AccessDeniedException", 400, {"message": message})
    try:
        raise error
    except AwsError as raised:
        line = log.failure(raised)
    assert "dynamodb:PutItem on arn:aws:dynamodb:x:0:table/t" in line
    assert "assumed-role" not in line
