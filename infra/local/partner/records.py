"""The stand-in's other side: a data partner that registers its customers and sends signed records (RFC 9421, written a second time).

Everything goes through the API's public address, the one that the control call came to.
"""

import base64
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

DATA_PARTNERS = ("demo-metro", "demo-bike", "demo-power")
TAMPERS = ("body", "time", "nonce", "key")
SUBJECT = "account-of-"  # and a member's id: what the stand-in calls its customer
_COVERED = ("@method", "@authority", "@path", "content-digest", "content-type")


class Wrong(Exception):
    """A request that cannot be done, and what to do instead."""


def private_key(partner_id: str) -> Ed25519PrivateKey:
    """The key of a partner that is worth nothing: anybody can make it."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"stand-in {partner_id}".encode()).digest())


def public_jwk(partner_id: str) -> dict[str, str]:
    """Its public half (RFC 8037)."""
    raw = private_key(partner_id).public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).decode().rstrip("=")}


def key_id(partner_id: str) -> str:
    """``partner/thumbprint`` (RFC 7638)."""
    jwk = json.dumps(public_jwk(partner_id), sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(jwk.encode()).digest()
    return f"{partner_id}/{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def signed(
    partner_id: str,
    method: str,
    url: str,
    body: bytes,
    *,
    content_type: str = "application/json",
    nonce: str = "",
    created: int = 0,
    key: Ed25519PrivateKey | None = None,
) -> dict[str, str]:
    """The headers of a signed request."""
    address, created = urlsplit(url), created or int(time.time())
    headers = {}
    if body:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = {"content-digest": f"sha-256=:{digest}:", "content-type": content_type}
    values = {"@method": method, "@authority": address.netloc.lower(), "@path": address.path} | headers
    covered = [name for name in _COVERED if name in values]
    names = " ".join(f'"{name}"' for name in covered)
    parameters = (
        f'({names});created={created};expires={created + 300};keyid="{key_id(partner_id)}"'
        f';nonce="{nonce or secrets.token_urlsafe(16)}";tag="puhui-ingest"'
    )
    base = "".join(f'"{name}": {values[name]}\n' for name in covered) + f'"@signature-params": {parameters}'
    signature = base64.b64encode((key or private_key(partner_id)).sign(base.encode())).decode()
    return headers | {"signature-input": f"sig1={parameters}", "signature": f"sig1=:{signature}:"}


class Sender:
    """What the partners know of their customers: the aliases that we gave them."""

    def __init__(self) -> None:
        self._refs: dict[tuple[str, str], str] = {}

    def routes(self) -> list[Route]:
        """The control endpoints, to be mounted under /_standin."""
        return [
            Route("/binding-codes", self._endpoint(self.binding_code), methods=["POST"]),
            Route("/records", self._endpoint(self.record), methods=["POST"]),
            Route("/batches", self._endpoint(self.batch), methods=["POST"]),
        ]

    async def binding_code(self, api: str, given: dict[str, Any]) -> Response:
        """``{partner_id, member_id, state?}``: a code for that member."""
        answer, _ = await self._register(
            api, _partner(given), _text(given, "member_id"), given.get("state", "")
        )
        return JSONResponse({"code": answer["code"], "member_ref": answer["member_ref"]})

    async def record(self, api: str, given: dict[str, Any]) -> Response:
        """``{partner_id, member_id, programme_id, behaviour, quantity, occurred_at, ended_at?}``: a signed batch of one."""
        item = {name: value for name, value in given.items() if name not in ("partner_id", "tamper")}
        item.setdefault("item_no", str(uuid.uuid4()))
        return await self.batch(
            api, {**given, "batch_id": given.get("batch_id") or str(uuid.uuid4()), "items": [item]}
        )

    async def batch(self, api: str, given: dict[str, Any]) -> Response:
        """``{partner_id, batch_id, items, tamper?}``: each item says ``member_ref``, or ``member_id``."""
        partner_id, tamper = _partner(given), given.get("tamper", "")
        if tamper and tamper not in TAMPERS:
            raise Wrong(f"tamper: {', '.join(TAMPERS)}")
        items, nonce = [], ""
        for item in given.get("items", []):
            sent = {name: value for name, value in item.items() if name != "member_id"}
            if "member_id" in item:
                sent["member_ref"] = await self._ref(api, partner_id, item["member_id"])
            items.append(sent)
        if tamper == "nonce":
            _, nonce = await self._register(api, partner_id, "nobody")
        said = {"batch_id": _text(given, "batch_id"), "items": items}
        return await self._send(api, partner_id, "/partner/activities", said, tamper, nonce)

    async def _ref(self, api: str, partner_id: str, member_id: str) -> str:
        if (partner_id, member_id) not in self._refs:
            await self._register(api, partner_id, member_id)
        return self._refs[partner_id, member_id]

    async def _register(
        self, api: str, partner_id: str, member_id: str, state: str = ""
    ) -> tuple[dict[str, Any], str]:
        nonce = secrets.token_urlsafe(16)
        said = {"subject": SUBJECT + member_id} | ({"state": state} if state else {})
        answer = await self._send(api, partner_id, "/partner/binding-codes", said, "", nonce)
        registered: dict[str, Any] = json.loads(bytes(answer.body))
        if answer.status_code != 201:
            raise Wrong(json.dumps(registered))
        self._refs[partner_id, member_id] = registered["member_ref"]
        return registered, nonce

    async def _send(
        self, api: str, partner_id: str, path: str, said: dict[str, Any], tamper: str, nonce: str
    ) -> Response:
        url, body = f"{api}{path}", json.dumps(said, ensure_ascii=False).encode()
        headers = signed(
            partner_id,
            "POST",
            url,
            body,
            nonce=nonce,
            created=int(time.time()) - 900 if tamper == "time" else 0,
            key=private_key("somebody-else") if tamper == "key" else None,
        )
        if tamper == "body":
            body = body.replace(b"{", b"{ ", 1)
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            answer = await client.post(url, content=body, headers={**headers, "accept-language": "en"})
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    def _endpoint(self, action: Callable[[str, dict[str, Any]], Awaitable[Response]]) -> Any:
        async def serve(request: Request) -> Response:
            try:
                given = json.loads(await request.body() or b"{}")
                return await action(f"http://127.0.0.1:{request.url.port}/v1", given)
            except (Wrong, ValueError, KeyError, httpx.HTTPError) as wrong:
                return JSONResponse({"error": f"{type(wrong).__name__}: {wrong}"}, 400)

        return serve


def _partner(given: dict[str, Any]) -> str:
    if given.get("partner_id") not in DATA_PARTNERS:
        raise Wrong(f"partner_id: {', '.join(DATA_PARTNERS)}")
    return str(given["partner_id"])


def _text(given: dict[str, Any], name: str) -> str:
    if not isinstance(given.get(name), str) or not given[name]:
        raise Wrong(f"{name}: a text")
    return str(given[name])
