"""The operations of minors and guardians, called as API Gateway calls them: what they answer is what the contract declares."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from puhui.ledger.api import Ledger
from puhui.members.codes import Codes
from puhui.members.model import Member
from puhui.members.repository import Members
from puhui.store.client import DynamoDB
from puhui.store.cursors import Cursors
from puhui.store.limits import Limits
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from tests.support import gateway

CHILD, MOTHER, STRANGER = ("A" * 26, "B" * 26, "C" * 26)
OPERATIONS = (
    "declare_birth_year",
    "get_guardian_code",
    "add_ward",
    "list_wards",
    "put_ward_consent",
    "correct_ward_birth_year",
    "remove_ward",
    "get_guardian_notice",
    "get_minors_report",
    "get_me",
    "put_consent",
    "list_consents",
    "export_ward",
    "erase_ward",
)
pytestmark = pytest.mark.usefixtures("function_environment")
Call = Callable[..., gateway.Answer]


@pytest.fixture
def call(
    make_table: Callable[[str], str], function_environment: None, monkeypatch: pytest.MonkeyPatch
) -> Call:
    members = Members(DynamoDB(), make_table("members"), Sealer(b"k" * 32, b"p" * 32))
    ledger = Ledger(members.dynamodb, make_table("ledger"))
    limits = Limits(members.dynamodb, make_table("limits"))
    for member_id in (CHILD, MOTHER, STRANGER):
        session = Session(members.dynamodb)
        members.add(session, Member(member_id, "m", ("member",), datetime(2026, 1, 1, tzinfo=UTC)), member_id)
        session.commit()
    parts: dict[str, Any] = {
        "MEMBERS": members,
        "LEDGER": ledger,
        "LIMITS": limits,
        "CODES": lambda: Codes(b"k" * 32),
        "CURSORS": lambda: Cursors(b"c" * 32),
    }
    for operation in OPERATIONS:
        module = gateway.handler(operation)
        for name, part in parts.items():
            if hasattr(module, name):
                # a function that seldom needs its limits builds them when it does
                late = name == "LIMITS" and hasattr(getattr(module, name), "cache_info")
                monkeypatch.setattr(module, name, _late(part) if late else part)
    return gateway.call


def _late(part: Any) -> Callable[[], Any]:
    return lambda: part


def born(call: Call, who: str, years_ago: int) -> Any:
    answer = call("declare_birth_year", member=who, body={"birth_year": datetime.now(UTC).year - years_ago})
    assert answer.status == 200, answer.text
    return answer.json


def take_charge(call: Call, who: str = MOTHER, **more: Any) -> gateway.Answer:
    version = call("get_guardian_notice").json["version"]
    code = call("get_guardian_code", member=CHILD).json["code"]
    return call(
        "add_ward", member=who, body={"code": code, "version": version, "purposes": ["steps"], **more}
    )


def test_a_guardian_agrees_corrects_and_withdraws(call: Call):
    year = datetime.now(UTC).year
    assert born(call, CHILD, 10)["minor"]["guarded"] is False
    born(call, MOTHER, 40)
    taken = take_charge(call)
    assert (taken.status, taken.json["minor"]["guarded"]) == (201, True)
    [ward] = call("list_wards", member=MOTHER, query={"limit": "20"}).json["items"]
    assert [each["by_guardian"] for each in ward["consents"]] == [MOTHER]
    path = {"member_id": CHILD, "purpose": "photos"}
    said = call("put_ward_consent", member=MOTHER, path=path, body={"granted": True, "version": "2026-12"})
    assert (said.status, said.json["granted"]) == (200, True)
    corrected = call(
        "correct_ward_birth_year", member=MOTHER, path={"member_id": CHILD}, body={"birth_year": year - 9}
    )
    assert corrected.json["birth_year"] == year - 9
    assert call("get_me", member=CHILD).json["minor"]["group"] == "child"
    assert call("remove_ward", member=MOTHER, path={"member_id": CHILD}).status == 204
    ended = call("list_consents", member=CHILD).json["items"]
    assert [each["granted"] for each in ended] == [False, False]


def test_refusals_say_what_to_do(call: Call):
    born(call, CHILD, 10)
    consent = {"granted": True, "version": "2026-12"}
    alone = call("put_consent", member=CHILD, path={"purpose": "steps"}, body=consent)
    assert (alone.status, alone.json["code"]) == (403, "GUARDIAN_REQUIRED")
    assert take_charge(call).json["code"] == "GUARDIAN_NOT_ADULT"
    born(call, MOTHER, 40)
    assert take_charge(call, version="2001-01").json["code"] == "NOTICE_CHANGED"
    assert take_charge(call, purposes=["pooling"]).json["code"] == "NOT_FOR_MINORS"
    assert take_charge(call).status == 201
    again = call("put_consent", member=CHILD, path={"purpose": "photos"}, body=consent)
    assert (again.status, again.json["code"]) == (403, "GUARDIAN_DECIDES")
    older = call("declare_birth_year", member=CHILD, body={"birth_year": 1990})
    assert (older.status, older.json["code"]) == (409, "BIRTH_YEAR_DECLARED")


def test_a_stranger_finds_nobodys_ward(call: Call):
    born(call, CHILD, 10)
    born(call, MOTHER, 40)
    born(call, STRANGER, 40)
    assert take_charge(call).status == 201
    path = {"member_id": CHILD}
    for operation, more in (
        ("remove_ward", {}),
        ("correct_ward_birth_year", {"body": {"birth_year": 2015}}),
        ("export_ward", {}),
        ("erase_ward", {}),
    ):
        answer = call(operation, member=STRANGER, path=path, **more)
        assert (answer.status, answer.json["code"]) == (404, "WARD_NOT_FOUND"), operation


def test_an_operator_reads_the_years_report(call: Call):
    born(call, CHILD, 10)
    born(call, MOTHER, 40)
    assert take_charge(call).status == 201
    year = str(datetime.now(UTC).year)
    told = call("get_minors_report", member=STRANGER, roles=("member", "operator"), query={"year": year})
    assert told.status == 200, told.text
    assert (told.json["children"], told.json["children_guarded"], told.json["guardians_added"]) == (1, 1, 1)
    assert call("get_minors_report", member=MOTHER, query={"year": year}).status == 403
