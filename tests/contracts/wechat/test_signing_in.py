"""code2session, sessions and encrypted data: our client and the stand-in, over HTTP."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from infra.local.wechat import ciphers
from puhui.kernel.clock import programme_day
from puhui.wechat.client import WeChatClient
from puhui.wechat.crypto import decrypt_user_data
from puhui.wechat.errors import (
    CodeInvalid,
    DataMalformed,
    DataOld,
    LoginTooFrequent,
    RiskBlocked,
    SessionStale,
    WeChatMisconfigured,
)
from puhui.wechat.model import Session, steps_by_day
from tests.contracts.wechat.conftest import CONFIG, json_of
from tests.support.wechat_standin import Standin, check_session

Connect = Callable[..., WeChatClient]


def read_steps(standin: Standin, session: Session, **werun: object) -> dict[date, int]:
    sent = standin.control("werun", openid=session.openid, **werun)
    now = datetime.fromtimestamp(standin.app.state.platform.now(), UTC)
    return steps_by_day(
        decrypt_user_data(
            sent["encrypted_data"], sent["iv"], session.session_key, app_id=CONFIG.app_id, now=now
        )
    )


def test_a_login_code_tells_who_signed_in(standin: Standin, wechat: WeChatClient) -> None:
    session = wechat.code2session(standin.login_code("demo-member-7"))
    assert (session.openid, session.unionid) == ("demo-member-7", None)
    assert check_session(wechat, session.openid, session.session_key)


def test_a_chinese_name_and_a_unionid_survive(standin: Standin, wechat: WeChatClient) -> None:
    openid = standin.control("users", nickname="小林", unionid="u-1")["openid"]
    assert wechat.code2session(standin.login_code(openid)).unionid == "u-1"


def test_a_used_code_is_refused(standin: Standin, wechat: WeChatClient) -> None:
    code = standin.login_code()
    wechat.code2session(code)
    with pytest.raises(CodeInvalid) as refusal:
        wechat.code2session(code)
    assert refusal.value.details["errcode"] == 40163
    assert len(refusal.value.details["rid"]) == 26


def test_an_unknown_and_an_old_code_are_refused(standin: Standin, wechat: WeChatClient) -> None:
    old = standin.login_code()
    standin.control("clock", advance_s=301)
    for code in ("never-given", old):
        with pytest.raises(CodeInvalid) as refusal:
            wechat.code2session(code)
        assert refusal.value.details["errcode"] == 40029


def test_a_user_that_wechat_blocks_is_refused(standin: Standin, wechat: WeChatClient) -> None:
    standin.control("users", openid="risky-one", risk_blocked=True)
    with pytest.raises(RiskBlocked):
        wechat.code2session(standin.login_code("risky-one"))


def test_more_than_a_hundred_sign_ins_a_minute_are_refused(standin: Standin, wechat: WeChatClient) -> None:
    for _ in range(100):
        wechat.code2session(standin.login_code())
    with pytest.raises(LoginTooFrequent) as refusal:
        wechat.code2session(standin.login_code())
    assert refusal.value.details["retry_after"] == 60
    standin.control("clock", advance_s=60)
    wechat.code2session(standin.login_code())


def test_wrong_app_settings_are_our_configuration(standin: Standin, connect: Connect) -> None:
    for changes, errcode in (({"app_id": "wx0"}, 40013), ({"app_secret": "wrong"}, 40125)):
        with pytest.raises(WeChatMisconfigured) as refusal:
            connect(**changes).code2session(standin.login_code())
        assert refusal.value.details["errcode"] == errcode


@pytest.mark.parametrize(
    ("left_out", "errcode"), [("appid", 41002), ("secret", 41004), ("js_code", 41008), ("grant_type", 40002)]
)
def test_the_platform_names_the_parameter_that_is_missing(
    standin: Standin, left_out: str, errcode: int
) -> None:
    query = {
        "appid": CONFIG.app_id,
        "secret": CONFIG.app_secret,
        "js_code": "x",
        "grant_type": "authorization_code",
    }
    del query[left_out]
    answer = standin.http.get(f"{standin.url}/sns/jscode2session", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain")
    assert json_of(answer)["errcode"] == errcode
    assert " rid: " in json_of(answer)["errmsg"]


def test_steps_are_decrypted_with_the_present_session_key(standin: Standin, wechat: WeChatClient) -> None:
    session = wechat.code2session(standin.login_code())
    today = programme_day(datetime.now(UTC))
    yesterday = today - timedelta(days=1)
    steps = read_steps(standin, session, steps=[{"date": str(yesterday), "step": 8000}])
    assert len(steps) == 31
    assert (steps[yesterday], steps[today]) == (8000, 0)
    assert min(steps) == today - timedelta(days=30)
    # The phone remembers what it counted.
    assert read_steps(standin, session)[yesterday] == 8000


@pytest.mark.parametrize("login_again", [True, False])
def test_a_new_session_makes_the_old_key_stale(
    standin: Standin, wechat: WeChatClient, *, login_again: bool
) -> None:
    session = wechat.code2session(standin.login_code())
    if login_again:
        standin.login_code()
    else:
        standin.control("session-rotations", openid=session.openid)
    with pytest.raises(SessionStale):
        read_steps(standin, session)
    assert not check_session(wechat, session.openid, session.session_key)


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [({"appid": "wx0000000000000000"}, DataMalformed), ({"timestamp": 1477314187}, DataOld)],
)
def test_step_data_of_another_app_or_time_is_refused(
    standin: Standin, wechat: WeChatClient, wrong: dict[str, object], refusal: type[Exception]
) -> None:
    session = wechat.code2session(standin.login_code())
    with pytest.raises(refusal):
        read_steps(standin, session, **wrong)


def test_resetting_a_session_key_gives_the_new_one(standin: Standin, wechat: WeChatClient) -> None:
    session = wechat.code2session(standin.login_code())
    query = {
        "access_token": wechat._tokens.current(1e12),
        "openid": session.openid,
        "sig_method": "hmac_sha256",
    }
    wrong = json_of(
        standin.http.get(f"{standin.url}/wxa/resetusersessionkey", params=query | {"signature": "0" * 64})
    )
    assert wrong["errcode"] == 87009
    signed = query | {"signature": ciphers.session_signature(session.session_key)}
    new = json_of(standin.http.get(f"{standin.url}/wxa/resetusersessionkey", params=signed))
    assert new["openid"] == session.openid
    assert check_session(wechat, session.openid, new["session_key"])
    method = json_of(
        standin.http.get(f"{standin.url}/wxa/checksession", params=signed | {"sig_method": "md5"})
    )
    assert method["errcode"] == 87008
