"""The friendly port lets nobody climb out of its prefixes, wait for ever, or reach a control side from another page."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest

from infra.build import gateway
from infra.local import doors
from infra.local.doors import WholeRequests, climbs
from infra.local.emulator import free_port
from infra.local.partner import app as partner
from infra.local.server import Gateways, Server, Upstream, application
from infra.local.wechat import app as wechat
from infra.local.wechat.config import Config


class Behind(BaseHTTPRequestHandler):
    """What the emulator would see."""

    seen: ClassVar[list[tuple[str, str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.seen.append(
            (self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        )
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def port(emulator: str) -> Iterator[int]:
    """A friendly port before ``emulator``, with short patience."""
    api, journal = Gateways(), Upstream("/journal", public=True)
    api.serve({name: f"{emulator}/restapis/{name}/v1/_user_request_" for name in gateway.GATEWAYS})
    journal.base = f"{emulator}/bucket"
    standin = wechat.create_app(Config())
    number = free_port()
    server = Server(number)
    patience = pytest.MonkeyPatch()
    patience.setattr(doors, "HEAD_SECONDS", 0.5)
    app = application(api, [journal], standin, partner.create_app(), {})
    assert isinstance(app, WholeRequests)
    app._seconds = 0.5
    server.start(app)
    yield number
    server.stop()
    standin.state.close()
    patience.undo()


def said(port: int, text: str, wait: float = 10) -> str:
    """What comes back for these very bytes, until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        connection.sendall(text.encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts).decode()


def get(port: int, target: str, *headers: str, method: str = "GET") -> str:
    lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers, "Connection: close"]
    return said(port, "\r\n".join(lines) + "\r\n\r\n")


@pytest.mark.parametrize(
    "target",
    [
        "/v1/../../../_ministack/reset",
        "/v1/./me",
        "/v1/%2e%2e/%2E%2E/_ministack/health",
        "/v1/.%2e/x",
        "/v1/..%2f..%2fx",
        "/v1/%252e%252e/x",
        "/v1/%25252e%25252e/x",
        "/v1/..%5cx",
        "/v1/..\\x",
        "/journal/../_ministack/reset",
        "/journal/%2e%2e/other-bucket/secret",
    ],
)
def test_a_path_that_climbs_is_refused_and_goes_nowhere(port: int, target: str) -> None:
    Behind.seen.clear()
    answer = get(port, target)
    assert answer.startswith("HTTP/1.1 400 ")
    assert json.loads(answer.partition("\r\n\r\n")[2])["code"] == "INVALID_REQUEST"
    assert Behind.seen == []


@pytest.mark.parametrize(
    "target", ["/v1/programmes/a..b", "/v1/x/...", "/v1/%E4%B8%AD%20x?a=../..", "/v1/x%2fy"]
)
def test_other_paths_arrive_as_they_were_sent(port: int, target: str) -> None:
    Behind.seen.clear()
    assert get(port, target).startswith("HTTP/1.1 200 ")
    assert [path for _, path, _ in Behind.seen] == [
        f"/restapis/members/v1/_user_request_{target.removeprefix('/v1')}"
    ]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/v1/me", "members"),
        ("/v1/merchants/x?a=b", "business"),
        ("/v1/partner/orders/x/answer", "business"),
        ("/v1/settlements/x", "administration"),
        ("/v1/s%65ttlements", "administration"),
        ("/v1/unknown/settlements", "members"),
        ("/v1/", "members"),
    ],
)
def test_a_path_goes_to_the_gateway_that_serves_it(port: int, target: str, name: str) -> None:
    Behind.seen.clear()
    assert get(port, target).startswith("HTTP/1.1 200 ")
    assert [path for _, path, _ in Behind.seen] == [
        f"/restapis/{name}/v1/_user_request_{target.removeprefix('/v1')}"
    ]


@pytest.mark.parametrize(
    "target", ["/_ministack/reset", "/_ministack/health", "/restapis", "/2015-03-31/functions", "//v1/x"]
)
def test_nothing_but_the_known_prefixes_reaches_the_emulator(port: int, target: str) -> None:
    Behind.seen.clear()
    assert get(port, target).startswith("HTTP/1.1 404 ")
    assert Behind.seen == []


def test_an_encoded_prefix_is_none(port: int) -> None:
    Behind.seen.clear()
    assert get(port, "/%76%31/x").startswith("HTTP/1.1 400 ")
    assert Behind.seen == []


def test_the_journal_is_read_by_nobody_in_particular(port: int) -> None:
    Behind.seen.clear()
    signed = "Authorization: AWS4-HMAC-SHA256 Credential=test/20261130/us-east-1/s3/aws4_request, Signature=made-up"
    assert get(port, "/journal/checkpoint?X-Amz-Signature=x", signed, "X-Amz-Date: x").startswith(
        "HTTP/1.1 200 "
    )
    ((_, path, headers),) = Behind.seen
    assert path == "/bucket/checkpoint"
    assert not [name for name in headers if name == "authorization" or name.startswith("x-amz-")]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_the_journal_is_for_reading(port: int, method: str) -> None:
    assert get(port, "/journal/checkpoint", "Content-Length: 0", method=method).startswith("HTTP/1.1 405 ")


@pytest.mark.parametrize(
    "half",
    [
        "",
        "GET /health HT",
        "GET /health HTTP/1.1\r\nHost: x\r\n",
        "GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /hea",
    ],
)
def test_a_connection_without_a_whole_head_ends(port: int, half: str) -> None:
    started = time.monotonic()
    said(port, half)
    assert time.monotonic() - started < 8


def test_a_head_that_drips_ends_too(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        started = time.monotonic()
        with contextlib.suppress(OSError):
            for _ in range(100):
                connection.sendall(b"G")
                time.sleep(0.1)
        assert time.monotonic() - started < 8


def test_a_body_with_two_lengths_is_refused(port: int) -> None:
    for length in (0, 4):
        two = (f"Content-Length: {length}", "Transfer-Encoding: chunked")
        assert "400 Bad Request" in get(port, "/v1/sessions", *two, method="POST") or "400" in said(
            port, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\n" + "\r\n".join(two) + "\r\n\r\n0\r\n\r\n"
        )


def test_a_body_that_does_not_come_is_answered_and_ends(port: int) -> None:
    Behind.seen.clear()
    half = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    assert said(port, half).startswith("HTTP/1.1 408 ")
    assert Behind.seen == []


def test_a_body_beyond_the_gateways_limit_is_refused() -> None:
    async def send(size: int) -> list[Any]:
        async def application(*_: Any) -> None:
            raise AssertionError

        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"x" * size, "more_body": True}

        async def keep(message: Any) -> None:
            sent.append(message)

        await WholeRequests(application)({"type": "http", "headers": []}, receive, keep)
        return sent

    assert asyncio.run(send(doors.BODY_BYTES_MAX // 2 + 1))[0]["status"] == 413


@pytest.mark.parametrize(
    "control", ["/_wechat/_standin/messages?openid=demo-member-1", "/_partner/_standin/orders"]
)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Origin": "http://localhost:5173"}, 200),
        ({"Host": "localhost:{port}"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1.evil.example"}, 403),
        ({"Origin": "http://203.0.113.5"}, 403),
        ({"Host": "evil.example:{port}"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": "localhost.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_control_side_answers_this_machine_only(
    port: int, control: str, headers: dict[str, str], status: int
) -> None:
    given = {name: value.format(port=port) for name, value in headers.items()}
    answer = httpx.get(f"http://127.0.0.1:{port}{control}", headers=given, trust_env=False)
    assert answer.status_code == status
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", ["", "/a/b", "/a..b/..c/...", "/%E4%B8%AD", "/%"])
def test_what_does_not_climb(path: str) -> None:
    assert not climbs(path)
