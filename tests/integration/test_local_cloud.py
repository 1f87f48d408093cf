"""The local cloud as its user meets it: what it serves, what it says when it cannot, what it keeps over a restart."""

import base64
import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra import keys
from infra.build.contract import ROOT
from infra.local import build, deploy, emulator
from infra.local.emulator import Emulator, free_port
from infra.local.processes import Processes
from infra.local.server import Server
from infra.local.settings import CannotStart, Settings
from infra.local.state import State
from puhui.tlog import policy
from puhui.tlog.notes import ED25519, LocalSigner

TABLE: dict[str, Any] = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
}


def test_a_public_read_goes_through_the_friendly_port(local_cloud: Any) -> None:
    answer = httpx.get(f"{local_cloud.url}/v1/programmes/carbon-88", timeout=30)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["id"] == "carbon-88"


def test_without_a_token_the_gateway_answers_with_a_problem(local_cloud: Any) -> None:
    answer = httpx.get(f"{local_cloud.url}/v1/me", timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_path_is_not_found(local_cloud: Any) -> None:
    assert httpx.get(f"{local_cloud.url}/v1/no-such-thing", timeout=30).json()["code"] == "NOT_FOUND"


@pytest.mark.parametrize("path", ["/docs", "/docs/contract.json", "/docs/swagger-ui-bundle.js", "/health"])
def test_the_other_pages_are_served(local_cloud: Any, path: str) -> None:
    assert httpx.get(local_cloud.url + path).status_code == 200


def test_a_query_and_odd_characters_arrive_as_they_were_sent(local_cloud: Any) -> None:
    odd = httpx.get(f"{local_cloud.url}/v1/programmes/%E4%B8%AD%20x")
    assert [error["pointer"] for error in odd.json()["errors"]] == ["/path/programme_id"]
    named = httpx.get(f"{local_cloud.url}/v1/programmes/carbon-88?%E4%B8%AD=1")
    assert [error["pointer"] for error in named.json()["errors"]] == ["/query/中"]


def test_a_deployed_function_holds_its_compiled_code(local_cloud: Any) -> None:
    found = local_cloud.aws("lambda").get_function(FunctionName=f"{local_cloud.stack}-get-programme")
    archive = httpx.get(found["Code"]["Location"].replace("localhost", "127.0.0.1"), trust_env=False).content
    assert f"__pycache__/app.cpython-3{sys.version_info[1]}.pyc".encode() in archive


def test_a_taken_port_is_told_with_a_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"Port {port} is taken.*PUHUI_PORT="):
            Server(port)


def test_a_second_start_of_the_same_copy_is_refused_with_the_address_of_the_first(tmp_path: Path) -> None:
    first, second = State(Settings(18081, tmp_path)), State(Settings(18082, tmp_path))
    first.open()
    try:
        with pytest.raises(CannotStart, match=r"already runs at http://127.0.0.1:18081"):
            second.open()
    finally:
        first.close()


def test_a_state_of_another_version_asks_for_a_reset(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("0")
    state = State(Settings(1, tmp_path))
    try:
        with pytest.raises(CannotStart, match="make reset"):
            state.open()
    finally:
        state.close()


def test_secrets_are_made_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    state = State(Settings(1, tmp_path))
    made = state.parameters()
    assert state.parameters() == made
    assert (tmp_path / "parameters.json").stat().st_mode & 0o077 == 0


def test_a_folder_that_is_not_ours_is_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(CannotStart):
        State(Settings(1, tmp_path)).forget()
    assert (tmp_path / "letter.txt").exists()


def test_tools_never_see_a_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    seen = emulator.tool_environment("http://127.0.0.1:1")
    assert "AWS_PROFILE" not in seen
    assert "AWS_SESSION_TOKEN" not in seen
    assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_a_changed_source_changes_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    source = tmp_path / "template.yaml"
    source.write_text("a")
    before = build.fingerprint()
    assert build.fingerprint() == before
    source.write_text("b")
    assert build.fingerprint() != before


def test_made_keys_fit_together() -> None:
    made = keys.parameters({}, "journal.test/2026")
    (jwk,) = json.loads(made["JwksDocument"])["keys"]
    assert jwk["kid"] == json.loads(made["JwtSecret"])["kid"]
    assert "d" not in jwk
    assert len(keys.push_aes_key()) == keys.AES_KEY_CHARACTERS
    signer = LocalSigner(
        made["JournalOrigin"], ED25519, base64.b64decode(json.loads(made["JournalKey"])["seed"])
    )
    assert policy.parse(made["JournalPolicy"].replace(";", "\n")).log == signer.key


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Emulator]:
    """An empty emulator of this test alone."""
    (tmp_path / "tmp").mkdir()
    running = Emulator(tmp_path, tmp_path / "log")
    running.start()
    yield running
    running.stop(keep=False)


def _nested(own: Emulator, child: dict[str, Any]) -> str:
    """Create or update a stack with ``child`` nested in it. Returns its state in the end."""
    storage, formation = own.client("s3"), own.client("cloudformation")
    storage.create_bucket(Bucket="child-templates")
    storage.put_object(Bucket="child-templates", Key="child.json", Body=json.dumps(child).encode())
    properties = {
        "TemplateURL": f"{own.endpoint}/child-templates/child.json",
        "Parameters": {"Round": str(time.time_ns())},
    }
    root = {"Resources": {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}}}
    request = {"StackName": "s", "TemplateBody": json.dumps(root)}
    exists = any(stack["StackName"] == "s" for stack in formation.describe_stacks()["Stacks"])
    (formation.update_stack if exists else formation.create_stack)(**request)
    state = "IN_PROGRESS"
    while state.endswith("IN_PROGRESS"):
        time.sleep(0.1)
        state = formation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"]
    return str(state)


def test_an_update_of_a_nested_stack_knows_the_attributes_of_what_stayed(own: Emulator) -> None:
    child = {
        "Parameters": {"Round": {"Type": "String", "Default": "1"}},
        "Resources": {"Table": TABLE},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}}},
    }
    assert _nested(own, child) == "CREATE_COMPLETE"
    assert _nested(own, child) == "UPDATE_COMPLETE"


def test_what_a_deploy_made_is_there_once_it_is_remembered_and_not_before(own: Emulator) -> None:
    deploy.remember(own, {"sources": "first"})
    own.stop(keep=False)
    own.start()
    assert deploy.remembered(own) == {"sources": "first"}
    own.client("ssm").put_parameter(
        Name=deploy.RECORD, Value='{"sources": "second"}', Type="String", Overwrite=True
    )
    own.stop(keep=False)
    own.start()
    assert deploy.remembered(own) == {"sources": "first"}


def test_an_execution_that_waits_neither_delays_the_stop_nor_is_lost(own: Emulator) -> None:
    states = own.client("stepfunctions")
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
    role = _role(own, "states")
    machine = states.create_state_machine(name="m", definition=json.dumps(waiting), roleArn=role)[
        "stateMachineArn"
    ]
    states.start_execution(stateMachineArn=machine, name="x", input='{"a": 1}')
    started = time.monotonic()
    assert own.stop()
    assert time.monotonic() - started < 15
    own.start()
    assert deploy.resume_executions(own) == 1
    assert deploy.resume_executions(own) == 0
    (running,) = own.client("stepfunctions").list_executions(stateMachineArn=machine, statusFilter="RUNNING")[
        "executions"
    ]
    assert running["name"] == "x-r"


def test_a_stream_goes_on_after_a_restart(own: Emulator) -> None:
    code = "def handler(event, context):\n    for r in event['Records']:\n        print('SAW', r['dynamodb']['Keys']['id']['S'])\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("app.py", code)
    actions = [
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:DescribeStream",
        "dynamodb:ListStreams",
    ]
    allow = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": [*actions, "logs:*"], "Resource": "*"}],
    }
    own.client("iam").put_role_policy(
        RoleName=_role(own, "lambda").rsplit("/", 1)[1], PolicyName="p", PolicyDocument=json.dumps(allow)
    )
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    table = own.client("dynamodb").create_table(
        TableName="changes", StreamSpecification=stream, **TABLE["Properties"]
    )
    functions = own.client("lambda")
    functions.create_function(
        FunctionName="f",
        Runtime="python3.13",
        Handler="app.handler",
        Role=_role(own, "lambda"),
        Code={"ZipFile": archive.getvalue()},
    )
    functions.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=table["TableDescription"]["LatestStreamArn"],
        StartingPosition="TRIM_HORIZON",
        BatchSize=1,
    )
    for number in range(3):
        _put_and_wait(own, f"before-{number}")
    assert own.stop()
    own.start()
    _put_and_wait(own, "after")


def _role(own: Emulator, service: str) -> str:
    """The ARN of a role that ``service`` may take, made at the first call."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    access = own.client("iam")
    with contextlib.suppress(access.exceptions.EntityAlreadyExistsException):
        access.create_role(RoleName=f"for-{service}", AssumeRolePolicyDocument=document)
    arn: str = access.get_role(RoleName=f"for-{service}")["Role"]["Arn"]
    return arn


def _put_and_wait(own: Emulator, item: str) -> None:
    own.client("dynamodb").put_item(TableName="changes", Item={"id": {"S": item}})
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(own.client("logs").exceptions.ResourceNotFoundException):
            events = own.client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]
            if any(f"SAW {item}" in event["message"] for event in events):
                return
        time.sleep(0.2)
    pytest.fail(f"the stream's consumer never saw {item}")


def test_the_command_says_what_is_wrong_with_a_port_and_ends(tmp_path: Path) -> None:
    done = _command("serve", tmp_path, PUHUI_PORT="eighty")
    assert done.returncode == 1
    assert "PUHUI_PORT" in done.stdout


def test_a_signal_during_the_start_ends_all_that_was_started(tmp_path: Path) -> None:
    env = {**os.environ, "PUHUI_PORT": str(free_port()), "PUHUI_STATE": str(tmp_path)}
    command = [sys.executable, "-m", "infra.local", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as run:
        record = Processes(tmp_path).record("emulator")
        while not record.exists():
            time.sleep(0.05)
            assert run.poll() is None
        emulator_pid = json.loads(record.read_text())["pid"]
        time.sleep(2)
        run.send_signal(signal.SIGTERM)
        said, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert "Stopped" in said
    with pytest.raises(ProcessLookupError):
        os.kill(emulator_pid, 0)
    assert _command("reset", tmp_path).returncode == 0
    assert not tmp_path.exists()
    shutil.rmtree(tmp_path, ignore_errors=True)


def _command(name: str, state: Path, **env: str) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, "PUHUI_STATE": str(state), **env}
    command = [sys.executable, "-m", "infra.local", name]
    return subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60, check=False
    )
