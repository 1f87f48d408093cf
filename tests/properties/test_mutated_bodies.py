"""No body, however bent, is answered with a 5xx: every operation that takes one, in this process, on real tables.

    PUHUI_MUTANTS=100000 .venv/bin/pytest -n 0 tests/properties/test_mutated_bodies.py

plays as many as that; the suite plays 20,000, the same ones each time.
"""

import os
import random
import uuid
from collections import Counter
from types import ModuleType
from typing import Any

import boto3
import pytest

from infra.build import contract
from puhui.store import secrets
from puhui.wechat import api as wechat
from puhui.wechat.api import Session, Suggestion, TextVerdict
from tests.contracts.conftest import VARIABLES
from tests.support import gateway
from tests.support.mutants import mutant
from tests.support.tables import table_definition

MUTANTS = int(os.environ.get("PUHUI_MUTANTS", "20000"))
OPERATIONS = [operation for operation in contract.operations() if operation.body()]
ROLES = ("member", "operator", "verifier", "authority_city", "authority_province", "auditor", "finance")
SECRET = {
    "key": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    "pepper": "cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHA=",
    "kid": "k1",
}


class WeChat:
    """The platform, to which everybody is new and everything is fine."""

    app_id = "wx0000000000000000"

    def code2session(self, _code: str) -> Session:
        return Session(uuid.uuid4().hex, "A" * 22 + "==")

    def msg_sec_check(self, *_: object, **__: object) -> TextVerdict:
        return TextVerdict(Suggestion.PASS, 100, "t")


@pytest.fixture
def handlers(dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """Each operation's function by its id, with tables, buckets and state machines that are there."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    for name, value in VARIABLES.items():
        if name.endswith("_TABLE"):
            table = f"{value}-{uuid.uuid4().hex[:8]}"
            boto3.client("dynamodb").create_table(
                TableName=table, **table_definition(name.removesuffix("_TABLE").lower())
            )
            monkeypatch.setenv(name, table)
        if name.endswith("_BUCKET"):
            where = {"LocationConstraint": VARIABLES["AWS_REGION"]}
            boto3.client("s3").create_bucket(Bucket=value, CreateBucketConfiguration=where)
        if name.endswith("_STATE_MACHINE"):
            monkeypatch.setenv(name, _state_machine(name))
    from tests.unit.members.test_tokens_and_seals import pem  # noqa: PLC0415 it makes a key

    secret = {**SECRET, "private_key_pem": pem()}
    monkeypatch.setattr(secrets, "read", lambda _name: secret)
    monkeypatch.setattr(wechat, "connect", WeChat)
    return {operation.id: gateway.load(gateway.source(operation.id)) for operation in OPERATIONS}


def _state_machine(name: str) -> str:
    arn: str = boto3.client("stepfunctions").create_state_machine(
        name=f"{name.lower().replace('_', '-')}-{uuid.uuid4().hex[:8]}",
        definition='{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}',
        roleArn="arn:aws-cn:iam::000000000000:role/none",
    )["stateMachineArn"]
    return arn


@pytest.mark.timeout(900)
def test_mutated_bodies_are_answered_without_a_5xx(handlers: dict[str, ModuleType]) -> None:
    chance, statuses = random.Random("doors"), Counter[int]()
    failed: dict[str, tuple[bytes, str]] = {}
    for number in range(MUTANTS):
        operation = OPERATIONS[number % len(OPERATIONS)]
        example = operation.spec["requestBody"]["content"]["application/json"]["example"]
        content_type, raw = mutant(example, chance)
        event = _event(operation, content_type, raw, chance)
        answer = handlers[operation.id].app(event, gateway._Context())
        statuses[answer["statusCode"]] += 1
        if answer["statusCode"] >= 500:
            failed.setdefault(operation.id, (raw[:500], answer["body"]))
    assert not failed
    assert len(statuses) > 4, f"the mutants hardly reach the doors: {statuses}"


def _event(
    operation: contract.Operation, content_type: str, raw: bytes, chance: random.Random
) -> dict[str, Any]:
    """As the gateway makes it: text, with U+FFFD where the bytes are none; a new member each time, whom no limit stops."""
    path = {parameter["name"]: _named(parameter) for parameter in operation.parameters("path")}
    return gateway.event(
        operation,
        member=f"01{chance.randrange(10**24):024}",
        roles=ROLES,
        path=path,
        query=None,
        headers={"Content-Type": content_type, "Idempotency-Key": str(chance.randrange(10**9))},
        body=raw.decode("utf-8", "replace"),
    )


def _named(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    shown = parameter.get("example") or schema.get("example") or (schema.get("enum") or [""])[0]
    if shown:
        return str(shown)
    return "0" * 26 if schema.get("minLength") == 26 else "a1"
