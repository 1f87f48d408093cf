"""The gateway that component tests use sends what chalice and our edge read."""

from pathlib import Path

import pytest
from jsonschema import ValidationError

from tests.support import gateway

APP = """
from puhui.edge.http import HttpFunction

app = HttpFunction("put-consent")


@app.operation("put_consent", "PUT", "/me/consents/{purpose}")
def put_consent(request):
    told = {"purpose": request.path["purpose"], "title": request.member_id, **request.body}
    return {**told, "at": "2026-11-30T08:30:00+08:00"%s}
"""
BODY = {"granted": True, "version": "2026-11"}


@pytest.fixture(autouse=True)
def _functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "members/put_consent"
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(APP % "", encoding="utf-8")
    monkeypatch.setattr(gateway, "FUNCTIONS", tmp_path)
    gateway.handler.cache_clear()


def test_a_member_is_served() -> None:
    answer = gateway.call("put_consent", member="m1", path={"purpose": "steps"}, body=BODY)
    assert answer.status == 200, answer.text
    assert answer.json == {"purpose": "steps", "title": "m1", **BODY, "at": "2026-11-30T08:30:00+08:00"}


def test_an_answer_with_a_member_that_the_contract_does_not_declare_is_found(tmp_path: Path) -> None:
    app = tmp_path / "members/put_consent/app.py"
    app.write_text(APP % ', "since": "yesterday"', encoding="utf-8")
    with pytest.raises(ValidationError, match="'since' was unexpected"):
        gateway.call("put_consent", member="m1", path={"purpose": "steps"}, body=BODY)


def test_without_a_token_there_is_no_member() -> None:
    answer = gateway.call("put_consent", path={"purpose": "steps"}, body=BODY)
    assert (answer.status, answer.json["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_does_not_fit_is_a_problem_with_pointers() -> None:
    answer = gateway.call("put_consent", member="m1", path={"purpose": "steps"}, body={"granted": 1})
    assert answer.status == 400
    assert {error["pointer"] for error in answer.json["errors"]} == {"/granted", "/version"}


def test_an_operation_without_a_function_is_named() -> None:
    with pytest.raises(LookupError, match="get_me"):
        gateway.call("get_me", member="m1")
