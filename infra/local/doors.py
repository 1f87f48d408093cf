"""Who may come in, and how: what a server on one's own machine owes to the browser beside it and to those who never end a sentence.

``LocalOnly`` is for control sides, which change the world without a token: a page from elsewhere that is open in a browser on
this machine must not reach them, by its own name (Origin) or by a name that it lets point here (Host: DNS rebinding).
``WholeRequests`` and ``Punctual`` let no half-sent request stay: the head is there in time, the body is, or the connection ends.
"""

import asyncio
import ipaddress
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
BODY_SECONDS = 20.0
BODY_BYTES_MAX = 10 * 1024 * 1024  # API Gateway's
ENCODED_TIMES_MAX = 4
_ELSEWHERE = (
    "控制面只接受本机请求。The control side answers this machine only: call it by 127.0.0.1 or localhost."
)


class LocalOnly:
    """Refuses what a browser sends for a page from elsewhere. It answers no CORS question, so that none may read either."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _from_here(Headers(scope=scope)):
            await JSONResponse({"error": _ELSEWHERE}, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _from_here(headers: Headers) -> bool:
    host, origin = headers.get("host", ""), headers.get("origin")
    name = _name(f"//{host}")
    if (
        name != "localhost" and _address(name) is None
    ):  # an address cannot be made to point elsewhere, a name can
        return False
    if headers.get("sec-fetch-site") == "cross-site":
        return False
    if origin is None or urlsplit(origin).netloc == host:
        return True
    page = _name(origin)
    address = _address(page)
    return page == "localhost" or (address is not None and address.is_loopback)


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def climbs(path: str) -> bool:
    """Whether a path has a ``.`` or ``..`` in it, plain or encoded, once or more: whoever passes it on could be led elsewhere."""
    for _ in range(ENCODED_TIMES_MAX):
        if {".", ".."} & set(path.replace("\\", "/").split("/")):
            return True
        path, before = unquote(path), path
        if path == before:
            return False
    return True


class WholeRequests:
    """Only requests whose body has arrived in time, and is no bigger than the gateway takes, reach the application."""

    def __init__(self, app: ASGIApp, seconds: float = BODY_SECONDS) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if {b"content-length", b"transfer-encoding"} <= {name.lower() for name, _ in scope["headers"]}:
            await _refusal(400, "A body has one length: send Content-Length or Transfer-Encoding.")(
                scope, receive, send
            )
            return
        try:
            body = await asyncio.wait_for(_body(receive), self._seconds)
        except TimeoutError:
            await _refusal(408, f"The body did not arrive within {self._seconds:g} s.")(scope, receive, send)
            return
        if body is None:
            return
        if len(body) > BODY_BYTES_MAX:
            await _refusal(413, f"At most {BODY_BYTES_MAX} bytes.")(scope, receive, send)
            return
        told = False

        async def again() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


async def _body(receive: Receive) -> bytes | None:
    """Its bytes, one more than allowed at most; None when the client has gone."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body") or size > BODY_BYTES_MAX:
            return b"".join(parts)


def _refusal(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"status": status, "detail": detail}, status, {"Connection": "close"})


class Punctual(H11Protocol):
    """Ends a connection on which the head of a request is not there in time, however slowly its bytes drip."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._due is None:
            self._due = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._due:
            self._due.cancel()
        self._due = None
