"""The stand-in as a Starlette application. It works at the root and mounted under a prefix.

app = create_app(Config(state_file=..., push=PushSettings(url=...)))
Mount("/_wechat", app)      # the mounting server calls app.state.close() when it stops
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from infra.local.doors import LocalOnly
from infra.local.wechat import answers, content, control, login, messages, tokens
from infra.local.wechat.answers import Refusal
from infra.local.wechat.config import Config
from infra.local.wechat.faults import Faults
from infra.local.wechat.outbox import Outbox
from infra.local.wechat.platform import Asked, Endpoint, Platform

BODY_BYTES_MAX = 1024 * 1024


def create_app(config: Config) -> Starlette:
    """A platform of its own: users, tokens and clock are shared with no other."""
    platform = Platform(config)
    faults, codes = Faults(), login.Codes()

    def judge(trace_id: str, data: bytes | None) -> dict[str, object]:
        with platform.state.reading() as known:
            return content.media_event(known, config.app_id, trace_id, data)

    outbox = Outbox(platform, judge)
    endpoints: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "/sns/jscode2session", login.jscode2session(codes)),
        ("GET", "/cgi-bin/token", tokens.token),
        ("POST", "/cgi-bin/stable_token", tokens.stable_token),
        ("GET", "/wxa/checksession", login.checksession),
        ("GET", "/wxa/resetusersessionkey", login.resetusersessionkey),
        ("POST", "/wxa/msg_sec_check", content.msg_sec_check),
        ("POST", "/wxa/media_check_async", content.media_check_async(outbox)),
        ("POST", "/wxa/getuserriskrank", content.getuserriskrank),
        ("POST", "/cgi-bin/message/subscribe/send", messages.subscribe_send),
    )

    def close() -> None:
        outbox.close()
        platform.state.save()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        close()

    app = Starlette(
        routes=[
            *(_route(platform, faults, *endpoint) for endpoint in endpoints),
            Mount("/_standin", LocalOnly(Starlette(routes=control.routes(platform, faults, codes, outbox)))),
            Route("/{rest:path}", _unknown, methods=["GET", "POST"]),
        ],
        lifespan=lifespan,
    )
    app.state.platform, app.state.outbox, app.state.close = platform, outbox, close
    return app


def _route(platform: Platform, faults: Faults, method: str, path: str, endpoint: Endpoint) -> Route:
    async def serve(request: Request) -> Response:
        raw = await request.body()
        fault = faults.take(path)
        if fault:
            await asyncio.sleep(fault.delay_ms / 1000)
            if fault.http_status and not fault.lose_reply:
                return answers.bad_gateway(fault.http_status)
            if fault.errcode:
                return answers.refused(path, Refusal(fault.errcode))
        answer = await _answer(platform, method, path, endpoint, request, raw)
        return answers.bad_gateway(fault.http_status or 502) if fault and fault.lose_reply else answer

    return Route(path, serve, methods=["GET", "POST"])


async def _answer(
    platform: Platform, method: str, path: str, endpoint: Endpoint, request: Request, raw: bytes
) -> Response:
    if request.method != method:
        return answers.refused(path, Refusal(43001 if method == "GET" else 43002))
    if len(raw) > BODY_BYTES_MAX:
        return answers.refused(path, Refusal(47001))
    try:
        return answers.answered(path, await endpoint(platform, Asked(request.query_params, raw)))
    except Refusal as refusal:
        return answers.refused(path, refusal)


async def _unknown(request: Request) -> Response:
    return answers.refused(request.url.path, Refusal(40066))
