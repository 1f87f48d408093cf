"""The two functions behind /wechat/messages, and what the context keeps in its table (on the local cloud's
DynamoDB)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.wechat import ciphers, envelopes
from infra.local.wechat.config import APP_ID, PushSettings
from puhui.store import secrets
from puhui.store.client import DynamoDB
from puhui.wechat.dynamo import PushLog, SharedToken, Verdicts
from puhui.wechat.model import Token
from tests.support import gateway

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SETTINGS = PushSettings()
SECRET = {"app_secret": "s", "push_token": SETTINGS.token, "push_aes_key": SETTINGS.aes_key}


@pytest.fixture
def table(make_table: Callable[[str], str]) -> str:
    return make_table("wechat")


def test_the_shared_token_is_kept_and_only_replaced_by_a_better_one(table: str) -> None:
    shared = SharedToken(DynamoDB(), table)
    assert shared.load() is None
    first = Token("first", NOW + timedelta(hours=2))
    shared.save(first, "")
    assert shared.load() == first
    shared.save(Token("late loser", NOW + timedelta(hours=1)), "")
    assert shared.load() == first
    shorter = Token("after a change of secret", NOW + timedelta(hours=1))
    shared.save(shorter, "first")
    assert shared.load() == shorter


def test_pushes_are_remembered_for_a_day(table: str) -> None:
    log = PushLog(DynamoDB(), table)
    assert not log.is_known("a")
    log.remember("a", NOW)
    log.remember("a", NOW)
    assert log.is_known("a")
    assert not log.is_known("b")
    item = DynamoDB().get(table, {"key": "push#a"})
    assert item is not None
    assert item["expires_at"] == int((NOW + timedelta(days=1)).timestamp())


@pytest.fixture
def functions(
    make_table: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., gateway.Answer]]:
    """Calls an operation with real tables and a secret that needs no service."""
    for context in ("wechat", "activities"):
        monkeypatch.setenv(f"{context.upper()}_TABLE", make_table(context))
    for name, value in {"WECHAT_APP_ID": APP_ID, "WECHAT_SECRET": "wechat", "EVIDENCE_BUCKET": "b"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(secrets, "read", lambda _: SECRET)
    gateway.handler.cache_clear()
    yield gateway.call
    gateway.handler.cache_clear()


def test_the_address_check_is_answered_in_plain_text(functions: Callable[..., gateway.Answer]) -> None:
    query = envelopes.verification(SETTINGS, int(datetime.now(UTC).timestamp()))
    answer = functions("verify_wechat_push", query=query)
    assert (answer.status, answer.text) == (200, query["echostr"])
    assert answer.headers["content-type"].startswith("text/plain")
    wrong = functions("verify_wechat_push", query=query | {"signature": "0" * 40})
    assert (wrong.status, wrong.json["code"]) == (403, "WX_PUSH_REFUSED")
    missing = functions("verify_wechat_push", query={"nonce": "1"})
    assert missing.status == 400


def pushed(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    query, body, content_type = envelopes.write(
        event, PushSettings(**changes), APP_ID, int(datetime.now(UTC).timestamp())
    )
    return {"query": query, "body": body.decode(), "headers": {"Content-Type": content_type}}


def verdict(trace_id: str, **changes: Any) -> dict[str, Any]:
    event = {"FromUserName": "demo-member-1", "CreateTime": 1, "Event": "wxa_media_check", "appid": APP_ID}
    return event | {"trace_id": trace_id, "errcode": 0, "result": {"suggest": "risky", "label": 1}} | changes


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_verdict_reaches_the_acts_and_whoever_looks_it_up(
    functions: Callable[..., gateway.Answer], form: str
) -> None:
    for _ in range(2):
        answer = functions("receive_wechat_push", **pushed(verdict("trace-1"), format=form))
        assert (answer.status, answer.text) == (200, "success")
        assert answer.headers["content-type"].startswith("text/plain")
    assert (
        gateway.handler("receive_wechat_push").ACTIVITIES.evidence.add_to_check(
            "trace-1", {"evidence_id": "e"}
        )["suggest"]
        == "risky"
    )
    verdicts = Verdicts.from_environment()
    assert verdicts.of(["trace-1", "trace-unknown", "trace-1"]) == {"trace-1": "risky"}
    assert verdicts.of([]) == {}


def test_a_picture_that_could_not_be_judged_has_not_passed(functions: Callable[..., gateway.Answer]) -> None:
    functions("receive_wechat_push", **pushed(verdict("trace-3", errcode=-1008, result={})))
    assert Verdicts.from_environment().of(["trace-3"]) == {"trace-3": "error"}


def test_a_push_that_cannot_be_trusted_changes_nothing(functions: Callable[..., gateway.Answer]) -> None:
    sent = pushed(verdict("trace-2"))
    forged = sent["query"] | {"msg_signature": ciphers.push_signature("guessed", "1", "2", "3")}
    answer = functions("receive_wechat_push", **(sent | {"query": forged}))
    assert (answer.status, answer.json["code"]) == (403, "WX_PUSH_REFUSED")
    plain = functions("receive_wechat_push", **pushed(verdict("trace-2"), mode="plain"))
    assert plain.status == 403
    assert "suggest" not in gateway.handler("receive_wechat_push").ACTIVITIES.evidence.add_to_check(
        "trace-2", {"evidence_id": "e"}
    )
