"""WeChat's error codes become our few errors, each with something a person can do."""

import pytest

from puhui.wechat import errors


@pytest.mark.parametrize(
    ("errcode", "code", "status"),
    [
        (40029, "WX_CODE_INVALID", 401),
        (40163, "WX_CODE_INVALID", 401),
        (41008, "WX_CODE_INVALID", 401),
        (40226, "WX_RISK_BLOCKED", 403),
        (45011, "WX_TOO_FREQUENT", 429),
        (41003, "WX_SESSION_STALE", 409),
        (87009, "WX_SESSION_STALE", 409),
        (61010, "WX_USER_AWAY", 409),
        (43101, "WX_SUBSCRIPTION_REFUSED", 409),
        (87014, "WX_CONTENT_RISKY", 422),
        (-1, "WX_BUSY", 503),
        (45009, "WX_BUSY", 503),
        (40013, "WX_MISCONFIGURED", 503),
        (40125, "WX_MISCONFIGURED", 503),
        (40164, "WX_MISCONFIGURED", 503),
        (40001, "WX_MISCONFIGURED", 503),
        (48001, "WX_MISCONFIGURED", 503),
        (47003, "WX_REQUEST_REFUSED", 503),
        (40037, "WX_REQUEST_REFUSED", 503),
        (99999, "WX_REQUEST_REFUSED", 503),
    ],
)
def test_each_error_code_belongs_to_a_family(errcode: int, code: str, status: int) -> None:
    error = errors.of(errcode, "12345678-abcdef01-23456789")
    assert (error.code, error.status) == (code, status)
    assert error.details["errcode"] == errcode
    assert error.details["rid"] == "12345678-abcdef01-23456789"
    assert error.text("zh-CN") != error.text("en")


def test_who_should_wait_is_told_how_long() -> None:
    assert errors.of(45011).details["retry_after"] == 60
    assert errors.of(45009).details["retry_after"] == 60
    assert errors.of(-1).details["retry_after"] == 2
    assert "retry_after" not in errors.of(40013).details
