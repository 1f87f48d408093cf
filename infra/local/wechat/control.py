"""The control side: what phones, the platform's console and fate do. Plain REST, for front ends, demos and
tests."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from infra.local.wechat import control_platform, control_users
from infra.local.wechat.control_input import Wrong
from infra.local.wechat.faults import Faults
from infra.local.wechat.login import Codes
from infra.local.wechat.outbox import Outbox
from infra.local.wechat.platform import Platform

Action = Callable[[dict[str, Any]], Awaitable[dict[str, Any]] | dict[str, Any]]


def routes(platform: Platform, faults: Faults, codes: Codes, outbox: Outbox) -> list[Route]:
    """All control endpoints, to be mounted under /_standin."""
    actions = control_users.actions(platform, codes) | control_platform.actions(platform, faults, outbox)
    paths = sorted({path for _, path in actions})
    return [
        Route(path, _Path({method: action for (method, at), action in actions.items() if at == path}))
        for path in paths
    ]


class _Path:
    """One path: its actions by method. Starlette calls an instance as an ASGI application."""

    def __init__(self, actions: dict[str, Action]) -> None:
        self._actions = actions

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> JSONResponse:
        action = self._actions.get(request.method)
        if action is None:
            return JSONResponse({"error": f"请用 use {', '.join(self._actions)}"}, 405)
        try:
            answer = action(await _given(request))
            return JSONResponse(answer if isinstance(answer, dict) else await answer)
        except Wrong as wrong:
            return JSONResponse({"error": wrong.text}, wrong.status)


async def _given(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return dict(request.query_params)
    raw = await request.body()
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Wrong("请求体应为 JSON 对象。The body is a JSON object.")
    return body
