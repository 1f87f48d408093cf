"""The control side: what a partner's people and fate do. Plain REST, for demos and tests."""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from infra.local.partner.stand_in import DEMO_PARTNER, ISSUED, MODES, REFUSED, Behaviour, Partner, StandIn

Action = Callable[[StandIn, dict[str, Any]], dict[str, Any]]


class Wrong(Exception):
    """A request that cannot be done, and what to do instead."""


def routes(stand_in: StandIn) -> list[Route]:
    """All control endpoints, to be mounted under /_standin."""
    return [
        Route("/partners", _endpoint(stand_in, put_partner), methods=["POST"]),
        Route("/behaviour", _endpoint(stand_in, behave), methods=["POST"]),
        Route("/orders", _endpoint(stand_in, orders), methods=["GET"]),
        Route("/answers", _endpoint(stand_in, answer), methods=["POST"]),
        Route("/reset", _endpoint(stand_in, reset), methods=["POST"]),
    ]


def put_partner(stand_in: StandIn, given: dict[str, Any]) -> dict[str, Any]:
    """``{partner?, secret or secrets, callback_base?}``: a partner, with the secrets that are valid from now on."""
    name = _name(given)
    secrets = given.get("secrets") or [given.get("secret")]
    if not all(isinstance(secret, str) and secret.startswith("whsec_") for secret in secrets):
        raise Wrong("secret: whsec_...")
    standing = stand_in.partners.get(name)
    behaviour = standing.behaviour if standing else Behaviour()
    stand_in.partners[name] = Partner(secrets, given.get("callback_base", ""), behaviour)
    return {"partner": name}


def behave(stand_in: StandIn, given: dict[str, Any]) -> dict[str, Any]:
    """``{partner?, mode or mix, delay_ms?, later_ms?, cancellable?, seed?, stumbles?}``: from now on; what is not
    given is as it is at the start."""
    mix = given.get("mix") or {given.get("mode", "issue"): 1}
    if not set(mix) <= set(MODES) or not all(type(weight) is int and weight > 0 for weight in mix.values()):
        raise Wrong(f"mode or mix of: {', '.join(MODES)}; weights are integers above 0")
    names = ("delay_ms", "later_ms", "cancellable", "seed", "stumbles")
    settings = {name: given[name] for name in names if name in given}
    if not all(type(value) in (int, bool) for value in settings.values()):
        raise Wrong("delay_ms, later_ms, seed and stumbles are integers, cancellable is true or false")
    _partner(stand_in, _name(given)).behaviour = Behaviour(mix, **settings)
    return {"partner": _name(given), "mix": mix}


def orders(stand_in: StandIn, given: dict[str, Any]) -> dict[str, Any]:
    """``?partner=``: every order and what was given for it."""
    return {"orders": stand_in.shown(given.get("partner", ""))}


def answer(stand_in: StandIn, given: dict[str, Any]) -> dict[str, Any]:
    """``{partner?, order_id, status: issued | refused, although_decided?}``: send a later answer now."""
    order = stand_in.orders.get((_name(given), given.get("order_id", "")))
    status, although = given.get("status", ISSUED), given.get("although_decided") is True
    if order is None or status not in (ISSUED, REFUSED):
        raise Wrong("order_id of an order that was sent here; status issued or refused")
    if order.status not in ("accepted", status) and not although:
        raise Wrong(f"the order is {order.status}; with although_decided it is answered all the same")
    stand_in.answer_now(order, status, although_decided=although)
    return {"order_id": order.order_id, "status": order.status}


def reset(stand_in: StandIn, _given: dict[str, Any]) -> dict[str, Any]:
    """Forget orders and behaviours."""
    stand_in.reset()
    return {"orders": 0}


def _name(given: dict[str, Any]) -> str:
    name = given.get("partner", DEMO_PARTNER)
    if not isinstance(name, str) or not name or "/" in name or name.startswith("_"):
        raise Wrong("partner: its id")
    return name


def _partner(stand_in: StandIn, name: str) -> Partner:
    if name not in stand_in.partners:
        raise Wrong(f"no partner {name}: POST /_standin/partners first")
    return stand_in.partners[name]


def _endpoint(stand_in: StandIn, action: Action) -> Any:
    async def serve(request: Request) -> JSONResponse:
        try:
            return JSONResponse(action(stand_in, await _given(request)))
        except (Wrong, ValueError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)

    return serve


async def _given(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return dict(request.query_params)
    given = json.loads(await request.body() or b"{}")
    if not isinstance(given, dict):
        raise Wrong("a JSON object")
    return given
