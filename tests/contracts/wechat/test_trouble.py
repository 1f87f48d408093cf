"""A platform that is busy, slow, broken or lost: what is repeated, how long we wait, and what the caller
hears."""

import time
from collections.abc import Callable

import pytest

from infra.local.wechat.config import ACTIVITY_TEMPLATE
from puhui.wechat.client import WeChatClient
from puhui.wechat.errors import CodeInvalid, WeChatBusy, WeChatRefused
from puhui.wechat.model import Scene
from tests.support.wechat_standin import Standin

LOGIN, SEND = "/sns/jscode2session", "/cgi-bin/message/subscribe/send"
NOTICE = {"thing1": "地铁出行", "phrase2": "已通过", "time3": "2026-11-20 08:30", "thing4": "减排200克"}
Connect = Callable[..., WeChatClient]


def send(wechat: WeChatClient) -> None:
    wechat.send_subscribe_message("demo-member-1", ACTIVITY_TEMPLATE, NOTICE)


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"errcode": 45009}, {"http_status": 502}])
def test_a_passing_fault_is_repeated(standin: Standin, wechat: WeChatClient, fault: dict[str, int]) -> None:
    standin.fail(LOGIN, **fault, times=2)
    assert wechat.code2session(standin.login_code()).openid == "demo-member-1"
    assert standin.asked().count(LOGIN) == 3


@pytest.mark.parametrize(
    "fault", [{"errcode": -1}, {"errcode": 45009}, {"http_status": 502}, {"http_status": 404}]
)
def test_a_lasting_fault_is_wechat_busy(
    standin: Standin, wechat: WeChatClient, fault: dict[str, int]
) -> None:
    standin.fail(LOGIN, **fault, times=9)
    with pytest.raises(WeChatBusy) as busy:
        wechat.code2session(standin.login_code())
    assert busy.value.details["retry_after"] in (2, 60)
    assert standin.asked().count(LOGIN) == (1 if fault.get("http_status") == 404 else 3)


def test_a_slow_answer_is_given_up_after_three_seconds_and_asked_for_again(
    standin: Standin, wechat: WeChatClient
) -> None:
    standin.fail(LOGIN, delay_ms=3500)
    started = time.monotonic()
    assert wechat.code2session(standin.login_code()).openid == "demo-member-1"
    assert 2.9 < time.monotonic() - started < 4


def test_all_tries_together_end_before_ten_seconds(
    standin: Standin, wechat: WeChatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("puhui.wechat.client.TOTAL_SECONDS", 0.5)  # the same rule, without the wait
    standin.fail(LOGIN, delay_ms=4000, times=3)
    code = standin.login_code()
    started = time.monotonic()
    with pytest.raises(WeChatBusy):
        wechat.code2session(code)
    assert time.monotonic() - started < 1
    assert standin.asked().count(LOGIN) == 1


def test_a_lost_answer_to_a_code_means_signing_in_anew(standin: Standin, wechat: WeChatClient) -> None:
    standin.fail(LOGIN, lose_reply=True)
    with pytest.raises(CodeInvalid):
        wechat.code2session(standin.login_code())


def test_a_message_whose_answer_was_lost_is_not_sent_twice(standin: Standin, wechat: WeChatClient) -> None:
    standin.fail(SEND, lose_reply=True)
    with pytest.raises(WeChatBusy):
        send(wechat)
    assert len(standin.shown("messages", openid="demo-member-1")["items"]) == 1


def test_a_message_that_certainly_did_not_go_out_is_sent_again(
    standin: Standin, wechat: WeChatClient
) -> None:
    standin.fail(SEND, errcode=-1)
    send(wechat)
    assert len(standin.shown("messages", openid="demo-member-1")["items"]) == 1


def test_a_request_that_breaks_the_rules_is_not_repeated(standin: Standin, wechat: WeChatClient) -> None:
    with pytest.raises(WeChatRefused):
        wechat.send_subscribe_message("demo-member-1", "no-such-template", NOTICE)
    assert standin.asked().count(SEND) == 1


def test_nobody_listening_is_wechat_busy(connect: Connect) -> None:
    with pytest.raises(WeChatBusy):
        connect(base="http://127.0.0.1:9").code2session("x")


@pytest.mark.parametrize("stage", ["", "production", "staging"])
def test_plain_http_is_refused_outside_the_local_stage(connect: Connect, stage: str) -> None:
    for base in ("http://api.weixin.qq.com", "ftp://api.weixin.qq.com", "api.weixin.qq.com"):
        with pytest.raises(ValueError, match="https"):
            connect(base=base, stage=stage)
    connect(base="https://api.weixin.qq.com", stage=stage)


def test_a_text_that_wechat_cannot_check_is_refused_before_it_is_sent(wechat: WeChatClient) -> None:
    for text in ("", "长" * 2501):
        with pytest.raises(ValueError, match="2500"):
            wechat.msg_sec_check(text, "demo-member-1", Scene.COMMENT)
