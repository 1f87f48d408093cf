"""The signed call, and what the client does when the cloud misbehaves: conflicts, throttling, lost answers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from puhui.kernel.errors import Conflict, Unavailable
from puhui.store import aws
from puhui.store.client import ConditionFailed, DynamoDB
from puhui.store.session import Session

AT = datetime(2026, 11, 20, 4, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("token", [None, "session-token"])
@pytest.mark.parametrize("service", [aws.DYNAMODB, aws.STATES, aws.SECRETS])
def test_a_signature_is_the_one_botocore_makes(
    service: aws.Service, token: str | None, monkeypatch: pytest.MonkeyPatch
):
    body = b'{"TableName":"t","Key":{"a":{"S":"\xe4\xb8\xad"}}}'
    ours = aws.signed_headers(service, "h.example:8000", "GetItem", body, AT, "cn-north-1", "AK", "SK", token)
    request = AWSRequest("POST", "http://h.example:8000/", data=body)
    for name in ("content-type", "host", "x-amz-target"):
        request.headers[name] = ours[name]
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: AT.replace(tzinfo=None), raising=False)
    signer = SigV4Auth(Credentials("AK", "SK", token), service.name, "cn-north-1")
    request.context["timestamp"] = "20261120T040000Z"
    request.headers["X-Amz-Date"] = "20261120T040000Z"
    if token:
        request.headers["X-Amz-Security-Token"] = token
    canonical = signer.canonical_request(request)
    string = signer.string_to_sign(request, canonical)
    assert ours["authorization"].endswith(signer.signature(string, request))


class Weather:
    """Wraps the real call: each fault is raised before or after the effect, once."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        self.faults = list(faults)
        self.calls = 0

    def __call__(self, service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        when, what = self.faults.pop(0) if self.faults else ("", "")
        if when == "before":
            self._fail(what)
        answer = aws.call(service, operation, payload)
        if when == "after":
            self._fail(what)
        return answer

    @staticmethod
    def _fail(what: str) -> None:
        if what == "no answer":
            raise aws.NoAnswer("TransactWriteItems")
        if what == "conflict":
            reasons = {"CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]}
            raise aws.AwsError("TransactionCanceledException", 400, reasons)
        raise aws.AwsError(what, 500 if what == "InternalServerError" else 400, {})


class Taken(Conflict):
    code = "TAKEN"


def put(dynamodb: DynamoDB, table: str) -> None:
    session = Session(dynamodb)
    session.put(table, {"account": "a", "entry": "1", "n": 1}, unless="entry", error=Taken())
    session.update(table, {"account": "a", "entry": "sum"}, "ADD n :one", {":one": 1})
    session.commit()


@pytest.mark.parametrize(
    "fault",
    [
        ("before", "conflict"),
        ("before", "ThrottlingException"),
        ("before", "ProvisionedThroughputExceededException"),
        ("before", "InternalServerError"),
        ("before", "no answer"),
        ("after", "no answer"),
        ("after", "InternalServerError"),
    ],
)
def test_a_fault_loses_nothing_and_writes_nothing_twice(
    fault: tuple[str, str], make_table: Callable[[str], str]
):
    table, weather = make_table("ledger"), Weather(fault)
    dynamodb = DynamoDB(weather, sleep=lambda _: None)
    put(dynamodb, table)
    assert weather.calls == 2
    assert (dynamodb.get(table, {"account": "a", "entry": "sum"}) or {})["n"] == 1


def test_a_cloud_that_never_answers_is_unavailable_and_the_retry_can_be_repeated(
    make_table: Callable[[str], str],
):
    table = make_table("ledger")
    with pytest.raises(Unavailable):
        put(DynamoDB(Weather(*[("before", "no answer")] * 6), sleep=lambda _: None), table)
    put(DynamoDB(), table)


def test_the_first_failed_condition_in_the_sessions_order_names_the_error(make_table: Callable[[str], str]):
    table = make_table("ledger")
    put(DynamoDB(), table)
    with pytest.raises(Taken):
        put(DynamoDB(), table)
    assert (DynamoDB().get(table, {"account": "a", "entry": "sum"}) or {})["n"] == 1


def test_a_condition_without_an_error_shows_what_stood_there(make_table: Callable[[str], str]):
    table = make_table("ledger")
    put(DynamoDB(), table)
    session = Session(DynamoDB())
    session.put(table, {"account": "a", "entry": "1"}, unless="entry")
    with pytest.raises(ConditionFailed) as failed:
        session.commit()
    assert (failed.value.item or {})["n"] == 1


def test_a_transaction_holds_a_hundred_items_and_no_more(make_table: Callable[[str], str]):
    session = Session(DynamoDB())
    for number in range(101):
        session.put("t", {"account": "a", "entry": str(number)})
    with pytest.raises(ValueError, match="100"):
        session.commit()
