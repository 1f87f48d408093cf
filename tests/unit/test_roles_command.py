"""The command that gives roles says what to do when it cannot; what it does to a deployment is played by the operators' guide."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from infra import roles

PERSON = {"openid": "somebody", "roles": ["member", "operator"]}
MEMBER = {"id": "01KAGZ3V9Q8M4T2X7C5R6N1P0D", "roles": PERSON["roles"]}


class Functions:
    """A client of Lambda that answers once."""

    meta = SimpleNamespace(region_name="cn-north-1")

    def __init__(self, answer: Any, *, failed: bool = False) -> None:
        self.answer, self.failed, self.asked = answer, failed, {}

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        if isinstance(self.answer, Exception):
            raise self.answer
        payload = io.BytesIO(json.dumps(self.answer).encode())
        return {"Payload": payload} | ({"FunctionError": "Unhandled"} if self.failed else {})


def test_it_invokes_the_deployments_function_and_gives_the_member_back() -> None:
    functions = Functions(MEMBER)
    assert roles.assign(functions, "city", PERSON) == MEMBER
    assert (functions.asked["FunctionName"], json.loads(functions.asked["Payload"])) == (
        "city-assign-roles",
        PERSON,
    )


@pytest.mark.parametrize(
    ("functions", "advice"),
    [
        (Functions(ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Invoke")), "--stack"),
        (Functions(ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke")), "AccessDenied"),
        (Functions(NoCredentialsError()), "aws configure"),
        (Functions({"errorMessage": "Boom"}, failed=True), "/aws/lambda/city-assign-roles"),
    ],
)
def test_a_failure_says_what_to_do(functions: Functions, advice: str) -> None:
    with pytest.raises(roles.CannotAssign, match=advice):
        roles.assign(functions, "city", PERSON)


def test_an_unknown_role_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        roles.main(["somebody", "emperor"])
    assert ended.value.code == 2
    assert "emperor; the roles are auditor, authority_city" in capsys.readouterr().err


def test_no_local_cloud_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert roles.main(["somebody", "operator", "--local", "http://127.0.0.1:9"]) == 1
    assert "make run" in capsys.readouterr().err


@pytest.mark.parametrize("role", ["verifier@", "verifier@CN-gd", "operator@Carbon 88", "operator@a@b"])
def test_a_role_is_bound_to_a_programme_or_a_region(role: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        roles.main(["somebody", role])
    assert ended.value.code == 2
    assert "bound to a programme (carbon-88) or a region (CN-GD)" in capsys.readouterr().err


@pytest.mark.parametrize("role", ["verifier@carbon-88", "authority_city@CN-GD-SZ", "operator@CN"])
def test_a_bound_role_is_known(role: str) -> None:
    assert roles._options(["somebody", role]).roles == [role]
