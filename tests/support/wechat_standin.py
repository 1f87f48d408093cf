"""The WeChat stand-in on a port of its own: one server a session, a fresh platform a test."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from infra.local.wechat import ciphers
from infra.local.wechat.app import create_app
from infra.local.wechat.config import Config
from puhui.wechat.client import WeChatClient
from puhui.wechat.errors import SessionStale
from puhui.wechat.transport import Call
from tests.support.tables import free_port

START_SECONDS = 10


class Switch:
    """An ASGI application whose place another can take."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@contextlib.contextmanager
def serving(app: Any, **options: Any) -> Iterator[int]:
    """Serve ``app`` on 127.0.0.1 in a thread; gives the port."""
    port = free_port()
    settings = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_level="error",
        lifespan="off",
        timeout_graceful_shutdown=1,
        **options,
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(5)


class Standin:
    """A platform, and what a test does on its control side."""

    def __init__(self, url: str, app: Starlette) -> None:
        self.url = url
        self.app = app
        self.http = httpx.Client(trust_env=False, verify=False)

    def control(self, action: str, **body: Any) -> dict[str, Any]:
        """POST to the control side; the answer must be a success."""
        answer = self.http.post(f"{self.url}/_standin/{action}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def shown(self, action: str, **query: Any) -> dict[str, Any]:
        """GET from the control side."""
        answer = self.http.get(f"{self.url}/_standin/{action}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def login_code(self, openid: str = "demo-member-1") -> str:
        """What wx.login gives."""
        return str(self.control("login-codes", openid=openid)["code"])

    def fail(self, path: str, **fault: Any) -> None:
        """The next answer of ``path`` fails so."""
        self.control("faults", path=path, **fault)

    def asked(self) -> list[str]:
        """The paths that were asked for, in order (with a Counting app only)."""
        return list(self.app.state.asked)


def counted(app: Starlette) -> Any:
    """``app``, noting each path in ``app.state.asked``."""
    app.state.asked = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            app.state.asked.append(scope["path"])
        await app(scope, receive, send)

    return serve


Make = Callable[[Config], Standin]


@contextlib.contextmanager
def platforms() -> Iterator[Make]:
    """Makes platforms, one at a time, behind one server."""
    switch = Switch()
    with serving(switch) as port, contextlib.ExitStack() as stack:

        def make(config: Config) -> Standin:
            stack.close()
            app = create_app(config)
            switch.app = counted(app)
            standin = Standin(f"http://127.0.0.1:{port}", app)
            stack.callback(app.state.close)
            stack.callback(standin.http.close)
            return standin

        yield make


def check_session(wechat: WeChatClient, openid: str, session_key: str) -> bool:
    """Whether the platform says that the session key is still the user's."""
    signature = ciphers.session_signature(session_key)
    query = {"openid": openid, "signature": signature, "sig_method": "hmac_sha256"}
    try:
        wechat._authorised(Call("GET", "/wxa/checksession", query))
    except SessionStale:
        return False
    return True
