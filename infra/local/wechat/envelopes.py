"""How a push is written: plain, compatible or safe mode, JSON or XML, signed."""

import json
import secrets
from typing import Any
from xml.sax.saxutils import escape

from infra.local.wechat import ciphers
from infra.local.wechat.config import PushSettings


def write(
    event: dict[str, Any], settings: PushSettings, app_id: str, now: int
) -> tuple[dict[str, str], bytes, str]:
    """Query, body and content type of the POST."""
    timestamp, nonce = str(now), str(secrets.randbelow(10**10))
    query = {
        "signature": ciphers.push_signature(settings.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": str(event.get("FromUserName", "")),
    }
    body: dict[str, Any] = event
    if settings.mode != "plain":
        encrypted = ciphers.sealed(_text(event, settings.format), settings.aes_key, app_id)
        signature = ciphers.push_signature(settings.token, timestamp, nonce, encrypted)
        query |= {"encrypt_type": "aes", "msg_signature": signature}
        shown = event if settings.mode == "compat" else {"ToUserName": event.get("ToUserName", "")}
        body = {**shown, "Encrypt": encrypted}
    content_type = "text/xml" if settings.format == "xml" else "application/json"
    return query, _text(body, settings.format), content_type


def verification(settings: PushSettings, now: int) -> dict[str, str]:
    """The query of the GET with which the platform checks an address."""
    timestamp, nonce = str(now), str(secrets.randbelow(10**10))
    return {
        "signature": ciphers.push_signature(settings.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": str(secrets.randbelow(10**19)),
    }


def _text(content: dict[str, Any], form: str) -> bytes:
    if form == "xml":
        return f"<xml>{_elements(content)}</xml>".encode()
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _elements(content: dict[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in content.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):  # the platform writes one element an entry
        return "".join(_element(name, entry) for entry in value)
    if isinstance(value, dict):
        return f"<{name}>{_elements(value)}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    text = str(value)
    return f"<{name}>{escape(text)}</{name}>" if "]]>" in text else f"<{name}><![CDATA[{text}]]></{name}>"
