"""Whatever happens, no openid, code, key, secret or token reaches a log line or an exception's text."""

import logging
import traceback
from collections.abc import Callable

import pytest

from infra.local.wechat.config import ACTIVITY_TEMPLATE
from puhui.kernel.errors import DomainError
from puhui.wechat.client import WeChatClient
from puhui.wechat.model import Scene
from tests.contracts.wechat.conftest import CONFIG
from tests.support.wechat_standin import Standin

Connect = Callable[..., WeChatClient]
# Put together, because a traceback shows the lines of this file.
OPENID, WRONG, PRIVATE = (
    "-".join(("demo", "member", "1")),
    "-".join(("another", "key")),
    " ".join(("private", "words")),
)


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that anybody logs, the HTTP library's debugging included."""
    for name in ("", "urllib3", "urllib3.connectionpool", "requests", "puhui.wechat"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def errors_of(*calls: Callable[[], object]) -> str:
    texts = []
    for call in calls:
        with pytest.raises(DomainError) as raised:
            call()
        error = raised.value
        assert error.__cause__ is None
        assert error.__context__ is None
        texts += [repr(error), str(error), str(error.details), error.text("en"), error.text("zh-CN")]
        texts += traceback.format_exception(error)
    return "\n".join(texts)


def test_no_secret_is_said(standin: Standin, connect: Connect, heard: pytest.LogCaptureFixture) -> None:
    wechat = connect()
    code, bad, late = standin.login_code(OPENID), standin.login_code(OPENID), standin.login_code(OPENID)
    session = wechat.code2session(code)
    token = wechat._tokens.current(1e12)
    login, send = "/sns/jscode2session", "/cgi-bin/message/subscribe/send"
    standin.fail(login, errcode=40013)
    standin.fail(login, http_status=502, times=3)
    said = errors_of(
        lambda: wechat.code2session(bad),
        lambda: wechat.code2session(late),
        lambda: connect(base="http://127.0.0.1:9").code2session(code),
        lambda: connect(app_secret=WRONG).msg_sec_check("x", OPENID, Scene.COMMENT),
        lambda: wechat.send_subscribe_message(OPENID, ACTIVITY_TEMPLATE, {"thing1": PRIVATE}),
    )
    standin.fail(send, errcode=40001, times=2)
    said += errors_of(lambda: wechat.send_subscribe_message(OPENID, ACTIVITY_TEMPLATE, {"thing1": PRIVATE}))
    mine = [record for record in heard.records if record.name.startswith(("urllib3", "puhui", "requests"))]
    assert any(record.name == "urllib3.connectionpool" and login in record.getMessage() for record in mine)
    said += "\n".join(logging.Formatter().format(record) for record in mine)
    said += repr(session) + str(session) + repr(wechat)
    secrets = [OPENID, session.session_key, token, CONFIG.app_secret, WRONG, code, bad, late]
    for secret in [*secrets, PRIVATE, "access_token", "secret=s", "js_code"]:
        assert secret not in said


def test_an_operator_learns_what_to_ask_wechat_about(
    standin: Standin, connect: Connect, heard: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DomainError):
        connect(app_id="wx0").code2session(standin.login_code())
    (record,) = [record for record in heard.records if record.name == "puhui.wechat"]
    assert record.levelno == logging.ERROR
    for part in ("/sns/jscode2session", "WX_MISCONFIGURED", "40013", '"rid"'):
        assert part in record.getMessage()
