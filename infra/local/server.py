"""The friendly port: one address for the API, its reference page, the journal's public objects, the witnesses, the WeChat
and partner stand-ins and the state of health.

/v1 is passed on to the emulator's API Gateway as it comes, to the gateway that serves the path, and its answers back as they
are: byte for byte, statuses and headers, apart from those that belong to one connection.
"""

import errno
import logging
import socket
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from infra.build import gateway
from infra.local import docs
from infra.local.doors import Punctual, WholeRequests, climbs
from infra.local.settings import HOST, CannotStart

METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]
STOP_SECONDS = 5
_HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
_NOT_YET = "本地云正在启动，请稍候。The local cloud is starting: wait until `make run` says it is ready."


_CLIMBS = "路径中不能有 . 或 .. 。A path has no . or .. in it, encoded or not."
_READ_ONLY = "此处只读。This is for reading only: GET or HEAD."


class _Anything(PathConvertor):
    """What is below a prefix, line breaks (%0A) too: the framework's own convertor stops at one."""

    regex = r"[\s\S]*"


register_url_convertor("anything", _Anything())


class Upstream:
    """Where what is below ``prefix`` goes; nowhere until that is known. From one that is ``public`` anybody reads, as nobody:
    the emulator would take any signature for the administrator's."""

    def __init__(self, prefix: str = "/v1", *, public: bool = False) -> None:
        self.prefix = prefix
        self.public = public
        self.base = ""
        self._client: httpx.AsyncClient | None = None

    def base_of(self, rest: str) -> str:  # noqa: ARG002 for those who have several
        """Where a path goes; ``rest`` is what follows the prefix."""
        return self.base

    async def pass_on(self, request: Request) -> Response:
        if not self.base:
            return JSONResponse({"status": "starting", "detail": _NOT_YET}, 503, {"Retry-After": "5"})
        if self._client is None:
            limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
            self._client = httpx.AsyncClient(timeout=60, limits=limits, trust_env=False)
        path = (request.scope.get("raw_path") or request.url.path.encode()).decode("ascii")
        if not path.startswith(f"{self.prefix}/") or climbs(path):
            return _problem(400, "INVALID_REQUEST", _CLIMBS)
        if self.public and request.method not in ("GET", "HEAD"):
            return _problem(405, "METHOD_NOT_ALLOWED", _READ_ONLY)
        query = "" if self.public else request.scope["query_string"].decode("ascii")
        rest = path.removeprefix(self.prefix)
        url = httpx.URL(self.base_of(rest) + rest + (f"?{query}" if query else ""))
        headers = [
            (name, value)
            for name, value in request.headers.raw
            if name not in _HOP_BY_HOP
            and name != b"host"
            and not (self.public and (name == b"authorization" or name.startswith(b"x-amz-")))
        ]
        sent = self._client.build_request(request.method, url, headers=headers, content=await request.body())
        for name in (
            set(sent.headers)
            - {name.decode("latin-1").lower() for name, _ in headers}
            - {"host", "content-length"}
        ):
            del sent.headers[name]  # what the client library adds of its own
        try:
            answer = await self._client.send(sent, stream=True)
            body = b"".join([chunk async for chunk in answer.aiter_raw()])
            await answer.aclose()
        except httpx.TransportError as error:
            return JSONResponse(
                {"status": "unreachable", "detail": f"the emulator did not answer: {error!r}"}, 502
            )
        response = Response(body, answer.status_code)
        own = [(b"content-length", str(len(body)).encode())] if answer.status_code not in (204, 304) else []
        kept = [(name.lower(), value) for name, value in answer.headers.raw]
        response.raw_headers = [
            item for item in kept if item[0] not in _HOP_BY_HOP | {b"content-length"}
        ] + own
        return response


class Gateways(Upstream):
    """The API: each path goes to the gateway that serves it, an unknown one to the members'."""

    def __init__(self) -> None:
        super().__init__()
        self._bases: dict[str, str] = {}

    def serve(self, bases: Mapping[str, str]) -> None:
        """From now on pass requests on to these, by the names of ``gateway.GATEWAYS``."""
        self._bases = {segment: bases[name] for segment, name in gateway.segments().items()}
        self.base = bases["members"]

    def base_of(self, rest: str) -> str:
        return self._bases.get(unquote(rest.split("/")[1]), self.base)


def _problem(status: int, code: str, detail: str) -> Response:
    problem = {
        "type": "about:blank",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": str(uuid.uuid4()),
    }
    return JSONResponse(problem, status, media_type="application/problem+json")


def application(
    upstream: Upstream,
    others: Sequence[Upstream],
    wechat: ASGIApp,
    partner: ASGIApp,
    about: Mapping[str, object],
) -> ASGIApp:
    """``others`` are passed on as the API is; ``about`` is what /health tells besides whether the API is ready."""

    async def health(_: Request) -> Response:
        ready = bool(upstream.base)
        return JSONResponse({"status": "ok" if ready else "starting", **about}, 200 if ready else 503)

    async def reference(_: Request) -> Response:
        return HTMLResponse(docs.page())

    async def contract(_: Request) -> Response:
        return JSONResponse(docs.contract_json())

    async def asset(request: Request) -> Response:
        try:
            content, content_type = docs.asset(request.path_params["name"])
        except KeyError:
            return Response("no such file", 404)
        return Response(content, media_type=content_type)

    async def home(_: Request) -> Response:
        return RedirectResponse("/docs")

    app = Starlette(
        routes=[
            Route("/", home),
            Route("/health", health),
            Route("/docs", reference),
            Route("/docs/contract.json", contract),
            Route("/docs/{name}", asset),
            Route("/v1/{rest:anything}", upstream.pass_on, methods=METHODS),
            *(Route(f"{other.prefix}/{{rest:anything}}", other.pass_on, methods=METHODS) for other in others),
            Mount("/_wechat", wechat),
            Mount("/_partner", partner),
        ]
    )
    return WholeRequests(app)


class Server:
    """Serves from a thread of its own. The port is taken at once, so that a taken one is reported before anything starts."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except OSError as error:
            self._socket.close()
            if error.errno != errno.EADDRINUSE:
                raise CannotStart(
                    f"Port {port} cannot be used: {error}. Choose another: PUHUI_PORT=8090 make run"
                ) from None
            raise CannotStart(
                f"Port {port} is taken by another program. Stop that one, or choose another port: PUHUI_PORT={port + 10} make run"
            ) from None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, app: ASGIApp) -> None:
        """Returns once it listens."""
        config = uvicorn.Config(
            app,
            http=Punctual,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="friendly-port", daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.02)

    def stop(self) -> None:
        """Let running requests end, then let go of the port."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(STOP_SECONDS + 2)
        self._socket.close()
