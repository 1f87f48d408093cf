"""One call to api.weixin.qq.com: time limits, repetition where the error family allows it, and silence.

The platform wants its token, our secret and the login code in the query string, and the HTTP libraries below
print that string in debug logs and exception texts. So their logs are cut at the question mark, and their
exceptions end here, without a cause or context.
"""

import json
import logging
import random
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import requests

from puhui.kernel.errors import DomainError
from puhui.wechat import errors

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 1.0, 3.0, 9.0
REPEATS_MAX = 2
PAUSE_SECONDS = 0.2
ANSWER_BYTES_MAX = 1024 * 1024
_RID = re.compile(r"rid: ?([0-9a-f-]{8,40})")
_log = logging.getLogger("puhui.wechat")


class Call(NamedTuple):
    """A request of the platform's API. ``repeatable`` says that a lost answer may be asked for again."""

    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any] | None = None
    repeatable: bool = True


class _Trouble(NamedTuple):
    error: DomainError
    again: bool  # another try may help and does no harm


class Transport:
    """Sends calls to ``base``; one a process."""

    def __init__(
        self,
        base: str,
        *,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = base.rstrip("/")
        self._session = session or _session()
        self._sleep = sleep

    def send(self, call: Call, deadline: float) -> dict[str, Any]:
        """The answer's JSON object once its errcode is 0 or absent.

        ``deadline`` is on time.monotonic's clock and holds for all repetitions. Raises the DomainErrors of
        errors.py.
        """
        attempt = 0
        while True:
            outcome = self._once(call, deadline)
            if isinstance(outcome, dict):
                return outcome
            pause = random.uniform(0, PAUSE_SECONDS * 2**attempt)  # noqa: S311 jitter, not secrecy
            if attempt == REPEATS_MAX or not outcome.again or time.monotonic() + pause >= deadline:
                _report(call.path, outcome.error)
                raise outcome.error
            self._sleep(pause)
            attempt += 1

    def _once(self, call: Call, deadline: float) -> "dict[str, Any] | _Trouble":
        left = deadline - time.monotonic()
        if left <= 0:
            return _Trouble(errors.WeChatBusy(reason="deadline", retry_after=2), again=False)
        try:
            status, content = self._exchange(call, deadline, left)
        except requests.ConnectTimeout:
            return _Trouble(errors.WeChatBusy(reason="connect", retry_after=2), again=True)
        except (requests.RequestException, TimeoutError) as error:
            return _Trouble(
                errors.WeChatBusy(reason=type(error).__name__, retry_after=2), again=call.repeatable
            )
        if status != 200:
            again = status >= 500 and call.repeatable
            return _Trouble(errors.WeChatBusy(reason=f"http {status}", retry_after=2), again)
        return _read(content)

    def _exchange(self, call: Call, deadline: float, left: float) -> tuple[int, bytes]:
        body = None if call.body is None else json.dumps(call.body, ensure_ascii=False).encode()
        with self._session.request(
            call.method,
            self._base + call.path,
            params=call.query,
            data=body,
            headers={"Content-Type": "application/json"} if body else None,
            timeout=(min(CONNECT_SECONDS, left), min(READ_SECONDS, left)),
            allow_redirects=False,
            stream=True,
        ) as response:
            content = bytearray()
            for chunk in response.iter_content(65536):
                content += chunk
                if len(content) > ANSWER_BYTES_MAX or time.monotonic() > deadline:
                    raise TimeoutError
            return response.status_code, bytes(content)


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy or .netrc of the environment has no business with our secrets
    return session


def _read(content: bytes) -> "dict[str, Any] | _Trouble":
    try:
        # From the bytes: /sns/* answers text/plain, which requests takes for Latin-1.
        answer = json.loads(content)
        errcode = int(answer.get("errcode") or 0)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        return _Trouble(errors.WeChatBusy(reason="not JSON", retry_after=2), again=False)
    if errcode == 0:
        return dict(answer)
    rid = _RID.search(str(answer.get("errmsg")))
    return _Trouble(errors.of(errcode, rid[1] if rid else ""), again=errcode in errors.PASSES_LATER)


def _report(path: str, error: DomainError) -> None:
    """What an operator needs to ask WeChat about it; clients' mistakes and spent tokens are not reported."""
    if isinstance(error, errors.WeChatMisconfigured) and error.details.get("errcode") in errors.TOKEN_REFUSED:
        return
    if isinstance(error, errors.WeChatBusy | errors.WeChatMisconfigured | errors.WeChatRefused):
        known = {name: error.details[name] for name in ("errcode", "rid", "reason") if name in error.details}
        level = logging.WARNING if isinstance(error, errors.WeChatBusy) else logging.ERROR
        _log.log(level, "%s", json.dumps({"wechat": path, "code": error.code, **known}))


class _CutQueryStrings(logging.Filter):
    """Drops what follows the question mark from whatever the HTTP library logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = record.getMessage().split("?", 1)[0]
        record.args = ()
        return True


for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_CutQueryStrings())
