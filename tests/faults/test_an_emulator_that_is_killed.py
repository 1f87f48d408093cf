"""A kill loses nothing that the emulator has acknowledged, and a deploy that it cut short leaves nothing behind."""

import contextlib
import io
import json
import random
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from ministack.services import cloudformation

from infra.local import deploy, kept_objects
from infra.local.emulator import Emulator
from infra.local.kept import Kept
from infra.local.kept_ministack import Keeper

KEY = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
KILLS = 4
# A consumer of the table's stream that tells this machine what it has seen.
CONSUMER = """
def handler(event, context):
    with open({path!r}, "a") as seen:
        seen.writelines(r["dynamodb"]["Keys"]["id"]["S"] + "\\n" for r in event["Records"])
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Emulator]:
    """An empty emulator of this test alone."""
    (tmp_path / "tmp").mkdir()
    running = Emulator(tmp_path, tmp_path / "log")
    running.start()
    yield running
    running.stop(keep=False)


def kill(own: Emulator) -> None:
    """SIGKILL it with its workers, and start it again."""
    own.stop(keep=False)
    own.start()


def role(own: Emulator, service: str, policy: dict[str, Any] | None = None) -> str:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    access = own.client("iam")
    arn: str = access.create_role(RoleName=service, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if policy:
        access.put_role_policy(RoleName=service, PolicyName="p", PolicyDocument=json.dumps(policy))
    return arn


def followed_table(own: Emulator, seen: Path) -> None:
    """A table whose consumer writes down what it sees."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("app.py", CONSUMER.format(path=str(seen)))
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    table = own.client("dynamodb").create_table(TableName="things", StreamSpecification=stream, **KEY)
    functions = own.client("lambda")
    allow = {"Effect": "Allow", "Action": ["dynamodb:*", "logs:*"], "Resource": "*"}
    functions.create_function(
        FunctionName="f",
        Runtime="python3.13",
        Handler="app.handler",
        Role=role(own, "lambda", {"Version": "2012-10-17", "Statement": [allow]}),
        Code={"ZipFile": code.getvalue()},
    )
    functions.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=table["TableDescription"]["LatestStreamArn"],
        StartingPosition="TRIM_HORIZON",
        BatchSize=5,
    )
    own.save()


class Writer(threading.Thread):
    """Puts pairs of items, each pair in one transaction, until it is refused: ``acknowledged`` knows of those that went well."""

    def __init__(self, own: Emulator, name: str) -> None:
        super().__init__(daemon=True)
        self._tables = own.client("dynamodb")
        self._name = name
        self.acknowledged: list[str] = []

    def run(self) -> None:
        with contextlib.suppress(BotoCoreError, ClientError):
            for number in range(10_000):
                pair = [f"{self._name}-{number}-{side}" for side in "ab"]
                puts = [{"Put": {"TableName": "things", "Item": {"id": {"S": each}}}} for each in pair]
                self._tables.transact_write_items(TransactItems=puts)
                self.acknowledged += pair


def stored(own: Emulator) -> set[str]:
    pages = own.client("dynamodb").get_paginator("scan").paginate(TableName="things")
    return {item["id"]["S"] for page in pages for item in page["Items"]}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1])
def test_what_was_acknowledged_under_load_is_stored_and_reaches_its_consumer(
    own: Emulator, tmp_path: Path, seed: int
) -> None:
    chance, seen = random.Random(seed), tmp_path / "seen"
    followed_table(own, seen)
    acknowledged: set[str] = set()
    for life in range(KILLS):
        writers = [Writer(own, f"{life}-{number}") for number in range(3)]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.05, 1.5))
        kill(own)
        for writer in writers:
            writer.join(20)
            acknowledged.update(writer.acknowledged)
        found = stored(own)
        assert acknowledged <= found
        assert {each[:-1] + "a" for each in found} == {each[:-1] + "a" for each in found if each[-1] == "b"}
    deadline = time.monotonic() + 60
    while missing := stored(own) - (set(seen.read_text().split()) if seen.exists() else set()):
        assert time.monotonic() < deadline, f"{len(missing)} changes never reached the consumer"
        time.sleep(0.3)
    assert acknowledged


def test_what_was_seen_is_not_seen_again_in_the_next_life(own: Emulator, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    followed_table(own, seen)
    for life in range(3):
        own.client("dynamodb").put_item(TableName="things", Item={"id": {"S": f"life-{life}"}})
        deadline = time.monotonic() + 20
        while not (seen.exists() and f"life-{life}" in seen.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(0.5)  # the consumer's answer reaches the emulator
        kill(own)
    time.sleep(2)
    assert seen.read_text().split() == ["life-0", "life-1", "life-2"]


def test_an_updated_and_a_removed_item_stay_so(own: Emulator) -> None:
    tables = own.client("dynamodb")
    tables.create_table(TableName="things", **KEY)
    own.save()
    for name in ("kept", "removed"):
        tables.put_item(TableName="things", Item={"id": {"S": name}})
    tables.update_item(
        TableName="things",
        Key={"id": {"S": "kept"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "2"}},
    )
    tables.delete_item(TableName="things", Key={"id": {"S": "removed"}})
    kill(own)
    assert own.client("dynamodb").scan(TableName="things")["Items"] == [
        {"id": {"S": "kept"}, "n": {"N": "2"}}
    ]


def test_an_object_and_its_lock_stay(own: Emulator) -> None:
    storage = own.client("s3")
    storage.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    own.save()
    until = datetime.now(UTC) + timedelta(days=1)
    made = storage.put_object(
        Bucket="locked",
        Key="tile/0",
        Body=b"entries",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=until,
    )
    kill(own)
    storage = own.client("s3")
    assert storage.get_object(Bucket="locked", Key="tile/0")["Body"].read() == b"entries"
    with pytest.raises(ClientError, match="AccessDenied"):
        storage.delete_object(Bucket="locked", Key="tile/0", VersionId=made["VersionId"])


def test_an_execution_that_ran_is_started_again_and_one_that_had_ended_is_not(own: Emulator) -> None:
    states, arn = own.client("stepfunctions"), role(own, "states")
    machines = {}
    for name, state in (
        ("quick", {"Type": "Pass", "End": True}),
        ("slow", {"Type": "Wait", "Seconds": 600, "End": True}),
    ):
        definition = json.dumps({"StartAt": "S", "States": {"S": state}})
        machines[name] = states.create_state_machine(name=name, definition=definition, roleArn=arn)[
            "stateMachineArn"
        ]
    own.save()
    started = states.start_execution(stateMachineArn=machines["quick"], name="x", input='{"a": 1}')[
        "executionArn"
    ]
    states.start_execution(stateMachineArn=machines["slow"], name="y", input='{"a": 1}')
    deadline = time.monotonic() + 20
    while states.describe_execution(executionArn=started)["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(0.2)
    kill(own)
    states = own.client("stepfunctions")
    assert states.describe_execution(executionArn=started)["status"] == "SUCCEEDED"
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machines["quick"], name="x", input='{"a": 2}')
    assert deploy.resume_executions(own) == 1
    kill(own)
    assert deploy.resume_executions(own) == 1
    listed = own.client("stepfunctions").list_executions(
        stateMachineArn=machines["slow"], statusFilter="RUNNING"
    )
    assert [each["name"] for each in listed["executions"]] == ["y-r-r"]


def test_a_parked_message_stays(own: Emulator) -> None:
    queue = own.client("sqs").create_queue(QueueName="poison")["QueueUrl"]
    own.save()
    own.client("sqs").send_message(QueueUrl=queue, MessageBody="mend me")
    kill(own)
    (message,) = own.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "mend me"


def test_what_a_lost_deploy_made_is_gone_so_that_it_can_be_made_again(own: Emulator) -> None:
    for _ in range(2):
        own.client("s3").create_bucket(Bucket="half-made")
        own.client("s3").put_object(Bucket="half-made", Key="k", Body=b"v")
        own.client("dynamodb").create_table(TableName="things", **KEY)
        own.client("dynamodb").put_item(TableName="things", Item={"id": {"S": "of a lost deploy"}})
        kill(own)
    assert own.client("s3").list_buckets()["Buckets"] == []
    own.client("dynamodb").create_table(TableName="things", **KEY)
    assert stored(own) == set()


def test_a_dropped_table_takes_its_items_along(own: Emulator) -> None:
    tables = own.client("dynamodb")
    tables.create_table(TableName="things", **KEY)
    tables.put_item(TableName="things", Item={"id": {"S": "old"}})
    tables.delete_table(TableName="things")
    tables.create_table(TableName="things", **KEY)
    own.save()
    kill(own)
    assert stored(own) == set()


def test_nothing_is_saved_in_the_midst_of_a_deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = Keeper(tmp_path)
    stacks: dict[str, dict[str, str]] = {"s": {"StackStatus": "UPDATE_IN_PROGRESS"}}
    monkeypatch.setattr(cloudformation._stacks, "_data", stacks)
    assert not keeper.save({"ssm": lambda: {"half": "done"}})
    stacks["s"]["StackStatus"] = "UPDATE_COMPLETE"
    assert keeper.save({"ssm": lambda: {"all": "done"}})
    assert Keeper(tmp_path)._state("ssm") == {"all": "done"}


def test_a_service_that_cannot_be_saved_leaves_what_was_kept_before(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    assert keeper.save({"ssm": lambda: {"n": 1}, "kms": lambda: {"n": 1}})
    assert not keeper.save({"ssm": lambda: {"n": 2}, "kms": lambda: {"n": object()}})
    assert [keeper._state(name) for name in ("ssm", "kms")] == [{"n": 1}, {"n": 1}]


def test_what_is_written_in_one_request_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept.sqlite")
    with kept.at_once():
        kept.put("t", "p", "1", {})
        assert list(Kept(tmp_path / "kept.sqlite").items()) == []  # what a kill would leave now
        kept.put("t", "p", "2", {})
    assert [sk for _, _, sk, _ in Kept(tmp_path / "kept.sqlite").items()] == ["1", "2"]


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "000000000000" / "b"
    folder.mkdir(parents=True)
    return folder


def put(file: Path, data: bytes, version: str) -> None:
    """As ministack does: the bytes, then what it knows of them."""
    file.write_bytes(data)
    about = {"etag": kept_objects._etag(data), "size": len(data), "version_id": version}
    file.with_name(f"{file.name}.meta.json").write_text(json.dumps(about))


def test_a_replaced_object_that_a_kill_has_cut_in_two_is_the_one_before(tmp_path: Path, bucket: Path) -> None:
    put(bucket / "checkpoint", b"size 1", "v1")
    before = tmp_path / ".versions" / "000000000000" / "b" / "v1"
    before.mkdir(parents=True)
    (before / "checkpoint").write_bytes(b"size 1")
    time.sleep(0.02)
    (bucket / "checkpoint").write_bytes(b"size 2")
    kept_objects.mend(tmp_path, {"000000000000/b"})
    assert (bucket / "checkpoint").read_bytes() == b"size 1"


def test_a_new_object_that_a_kill_has_cut_in_two_is_not_there(tmp_path: Path, bucket: Path) -> None:
    put(bucket / "whole", b"1", "v1")
    (bucket / "half").write_bytes(b"2")
    (bucket / "less.tmp").write_bytes(b"3")
    kept_objects.mend(tmp_path, {"000000000000/b"})
    assert sorted(each.name for each in bucket.iterdir()) == ["whole", "whole.meta.json"]
