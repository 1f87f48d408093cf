"""A platform of its own for each test, and our client of it."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from infra.local.wechat.config import Config, PushSettings
from puhui.wechat.client import WeChatClient
from puhui.wechat.model import Token
from tests.support.wechat_standin import Make, Standin, platforms

CONFIG = Config(push=PushSettings(first_delay_s=0.0, time_scale=0.01))


class Cache:
    """A shared token cache in memory."""

    def __init__(self) -> None:
        self.token: Token | None = None

    def load(self) -> Token | None:
        return self.token

    def save(self, token: Token, rejected: str) -> None:
        if not self.token or self.token.value == rejected or self.token.expires_at < token.expires_at:
            self.token = token


@pytest.fixture(scope="session")
def make_standin() -> Iterator[Make]:
    with platforms() as make:
        yield make


@pytest.fixture
def standin(make_standin: Make) -> Standin:
    return make_standin(CONFIG)


@pytest.fixture
def connect(standin: Standin) -> Iterator[Callable[..., WeChatClient]]:
    """Makes a client of the stand-in; a new one has an empty cache unless it is given one."""
    with contextlib.ExitStack() as stack:

        def make(cache: Cache | None = None, **changes: Any) -> WeChatClient:
            settings: dict[str, Any] = {
                "app_id": CONFIG.app_id,
                "app_secret": CONFIG.app_secret,
                "base": standin.url,
                "token_cache": cache or Cache(),
                "session": stack.enter_context(requests.Session()),
                "clock": lambda: datetime.fromtimestamp(standin.app.state.platform.now(), UTC),
                "sleep": lambda _: None,
                "stage": "local",
            }
            return WeChatClient(**(settings | changes))

        yield make


@pytest.fixture
def wechat(connect: Callable[..., WeChatClient]) -> WeChatClient:
    return connect()


class Inbox:
    """Where pushes arrive; ``answers`` are the next statuses, then 200 ``success``."""

    def __init__(self) -> None:
        self.pushes: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.url = ""
        self._came = threading.Condition()

    def take(self, query: dict[str, str], body: bytes) -> int:
        with self._came:
            self.pushes.append((query, body))
            self._came.notify_all()
            return self.answers.pop(0) if self.answers else 200

    def wait(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        """The pushes once there are that many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.pushes) >= count, 5), self.pushes
            return list(self.pushes)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    box = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            status = box.take(query, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"success")

        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(query["echostr"].encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    box.url = f"http://127.0.0.1:{server.server_port}/messages"
    yield box
    server.shutdown()
    server.server_close()


def json_of(answer: Any) -> Any:
    """The JSON of an httpx answer, from its bytes."""
    return json.loads(answer.content)
