"""The stand-in as a Starlette application: ``Mount("/_partner", create_app())``.

A partner's own address is ``/_partner/<its id>``; the control side is ``/_partner/_standin``.
"""

import asyncio
import json
import logging
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from infra.local.doors import LocalOnly
from infra.local.partner import control, receiver, webhooks
from infra.local.partner.records import Sender
from infra.local.partner.stand_in import ACCEPTED, ISSUED, REFUSED, Partner, StandIn

HUGE_BYTES = 128 * 1024


def create_app() -> Starlette:
    """Partners of its own, shared with no other."""
    stand_in = StandIn()
    inboxes: dict[str, receiver.Inbox] = {}

    async def take(request: Request) -> Response:
        name, partner, said = await _signed(stand_in, request)
        if said is None or partner is None:
            return JSONResponse({"error": "signature"}, 401)
        if said.get("type") != "order.placed" or not isinstance(said.get("order_id"), str):
            return JSONResponse({"error": "no order"}, 400)
        mode = partner.behaviour.mode(said["order_id"], attempt=stand_in.count(name, said))
        if mode in ("fail_before", "drop_before"):
            return _failed(mode)
        order = stand_in.order(name, said, mode)
        order.attempts += 1
        status = {ISSUED: 201, ACCEPTED: 202}.get(order.status, 422)
        refusal = {"status": REFUSED, "reason": order.reason}
        return await _answered(partner, mode, status, refusal if status == 422 else order.answer())

    async def cancel(request: Request) -> Response:
        name, partner, said = await _signed(stand_in, request)
        order_id = request.path_params["order_id"]
        if said is None or partner is None:
            return JSONResponse({"error": "signature"}, 401)
        if said.get("type") != "order.cancelled" or said.get("order_id") != order_id:
            return JSONResponse({"error": "another order"}, 400)
        mode = partner.behaviour.mode(order_id, "cancellation", attempt=stand_in.count(name, said))
        if mode in ("fail_before", "drop_before"):
            return _failed(mode)
        status, told = stand_in.cancel(name, order_id)
        return await _answered(partner, mode, status, told)

    logging.getLogger("uvicorn.error").addFilter(_not_of_drops)
    controls = [*control.routes(stand_in), *receiver.controls(inboxes), *Sender().routes()]
    app = Starlette(
        routes=[
            Mount(
                "/_standin",
                LocalOnly(Starlette(routes=controls)),
            ),
            *receiver.routes(inboxes),
            Route("/{partner}/orders", take, methods=["POST"]),
            Route("/{partner}/orders/{order_id}/cancellation", cancel, methods=["POST"]),
        ]
    )
    app.state.stand_in = stand_in
    return app


async def _signed(stand_in: StandIn, request: Request) -> tuple[str, Partner | None, dict[str, Any] | None]:
    """Who is meant, and what was said; None unless it is signed with one of the partner's secrets."""
    name, body = request.path_params["partner"], await request.body()
    partner = stand_in.partners.get(name)
    if partner is None or not webhooks.holds(partner.secrets, request.headers, body):
        return name, partner, None
    said = json.loads(body)
    return name, partner, said if isinstance(said, dict) else None


async def _answered(partner: Partner, mode: str, status: int, told: dict[str, Any]) -> Response:
    match mode:
        case "slow":
            await asyncio.sleep(partner.behaviour.delay_ms / 1000)
        case "fail_after" | "drop_after":
            return _failed(mode)
        case "garbage":
            return Response("<html>Welcome!</html>", 200, media_type="text/html")
        case "huge":
            return JSONResponse({**told, "more": "x" * HUGE_BYTES}, status)
        case "redirect":
            return Response(status_code=307, headers={"location": "https://elsewhere.example/"})
    return JSONResponse(told, status)


def _failed(mode: str) -> Response:
    return Response("oops", 500) if mode.startswith("fail") else _Dropped()


class _Dropped(Response):
    """The connection ends before the answer does."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 its interface
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def _not_of_drops(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("ASGI callable returned without completing response")
