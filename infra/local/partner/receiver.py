"""What a data partner's server does with our webhooks: checks the Ed25519 signatures of Standard Webhooks, keeps each message once.

It imports nothing of the backend, so that both sides of the protocol are written twice and can disagree.
"""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOLERANCE_SECONDS = 300


@dataclass
class Inbox:
    """One partner's: the keys that it was told, what came, and what it answers next (statuses; then 204)."""

    public_keys: list[str] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    attempts: int = 0
    forged: int = 0
    answers: list[int] = field(default_factory=list)


def holds(
    public_keys: Sequence[str], headers: Mapping[str, str], body: bytes, now: float | None = None
) -> bool:
    """Whether one of the keys (``whpk_...``) has signed this within five minutes."""
    message_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    present = time.time() if now is None else now
    if not message_id or not at.isdigit() or abs(present - int(at)) > TOLERANCE_SECONDS:
        return False
    signed = f"{message_id}.{at}.".encode() + body
    given = [each[4:] for each in headers.get("webhook-signature", "").split() if each.startswith("v1a,")]
    return any(_is_of(key, each, signed) for key in public_keys for each in given)


def routes(inboxes: dict[str, Inbox]) -> list[Route]:
    """``POST /{partner}/webhooks`` takes them; the control side tells keys and answers, and shows what came."""

    async def take(request: Request) -> Response:
        inbox = inboxes.setdefault(request.path_params["partner"], Inbox())
        body = await request.body()
        inbox.attempts += 1
        if not holds(inbox.public_keys, request.headers, body):
            inbox.forged += 1
            return JSONResponse({"error": "signature"}, 401)
        status = inbox.answers.pop(0) if inbox.answers else 204
        if status < 300:
            inbox.messages.setdefault(request.headers["webhook-id"], json.loads(body))
        return Response(status_code=status)

    return [Route("/{partner}/webhooks", take, methods=["POST"])]


def controls(inboxes: dict[str, Inbox]) -> list[Route]:
    """``POST /webhooks {partner_id, public_keys?, answers?}`` and ``GET /webhooks?partner_id=``."""

    async def tell(request: Request) -> JSONResponse:
        given = json.loads(await request.body())
        inbox = inboxes.setdefault(given["partner_id"], Inbox())
        inbox.public_keys = list(given.get("public_keys", inbox.public_keys))
        inbox.answers = list(given.get("answers", inbox.answers))
        return JSONResponse({"partner_id": given["partner_id"], "public_keys": len(inbox.public_keys)})

    async def show(request: Request) -> JSONResponse:
        inbox = inboxes.get(request.query_params.get("partner_id", ""), Inbox())
        messages = [{"id": message_id, **said} for message_id, said in inbox.messages.items()]
        return JSONResponse({"messages": messages, "attempts": inbox.attempts, "forged": inbox.forged})

    return [Route("/webhooks", tell, methods=["POST"]), Route("/webhooks", show, methods=["GET"])]


def _is_of(key: str, signature: str, signed: bytes) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
        public.verify(base64.b64decode(signature), signed)
    except (InvalidSignature, ValueError):
        return False
    return True
