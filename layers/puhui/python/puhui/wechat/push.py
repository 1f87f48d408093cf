"""WeChat's message push: is it really from the platform, for us and fresh, and what does it say?

With an EncodingAESKey only encrypted pushes (safe or compatible mode) are believed: the signature of a plain
one covers the time and the nonce but not the body. In compatible mode the plain copy beside the ciphertext is
ignored.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from puhui.kernel.clock import CLOCK_SKEW
from puhui.wechat import crypto
from puhui.wechat.errors import PushRefused, PushUnreadable
from puhui.wechat.model import ContentVerdict, Other, Push, Suggestion

MEDIA_CHECK = "wxa_media_check"
ACKNOWLEDGED = "success"


class PushReceiver:
    """The settings of the platform's console: token, EncodingAESKey ("" for plain mode), and our app id."""

    def __init__(self, token: str, encoding_aes_key: str, app_id: str) -> None:
        if not token:
            raise ValueError("message push needs the token of the platform's console")
        self._token = token
        self._app_id = app_id
        self._cipher = crypto.PushCipher(encoding_aes_key, app_id) if encoding_aes_key else None

    def echo(self, query: Mapping[str, Any], now: datetime) -> str:
        """The answer to the platform's check of our address. Raises PushRefused."""
        timestamp, nonce = str(query.get("timestamp", "")), str(query.get("nonce", ""))
        self._require_fresh(timestamp, now)
        if not crypto.push_signature_holds(str(query.get("signature", "")), self._token, timestamp, nonce):
            raise PushRefused
        return str(query.get("echostr", ""))

    def parse(self, query: Mapping[str, Any], body: bytes, now: datetime) -> Push:
        """What the push says. Raises PushRefused when it is not the platform's, for us and fresh;
        PushUnreadable when it is but makes no sense."""
        timestamp, nonce = str(query.get("timestamp", "")), str(query.get("nonce", ""))
        self._require_fresh(timestamp, now)
        if self._cipher is None:
            if not crypto.push_signature_holds(
                str(query.get("signature", "")), self._token, timestamp, nonce
            ):
                raise PushRefused
            return _meaning(_content(body), self._app_id)
        encrypted = _content(body).get("Encrypt")
        signature = str(query.get("msg_signature", ""))
        if not isinstance(encrypted, str) or not crypto.push_signature_holds(
            signature, self._token, timestamp, nonce, encrypted
        ):
            raise PushRefused
        return _meaning(_content(self._cipher.decrypt(encrypted)), self._app_id)

    def _require_fresh(self, timestamp: str, now: datetime) -> None:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise PushRefused
        if abs(now.timestamp() - int(timestamp)) > CLOCK_SKEW.total_seconds():
            raise PushRefused


def _meaning(content: dict[str, Any], app_id: str) -> Push:
    event = str(content.get("Event") or content.get("MsgType") or "")
    if event != MEDIA_CHECK:
        return Other(_push_id(content), event, content)
    trace_id = content.get("trace_id")
    if content.get("appid") not in (None, app_id):
        raise PushRefused
    if not isinstance(trace_id, str) or not 0 < len(trace_id) <= 128:
        raise PushUnreadable
    errcode = _number(content.get("errcode", 0))
    result = content.get("result")
    judged = result if isinstance(result, dict) and errcode == 0 else {}
    return ContentVerdict(
        push_id=_push_id(content),
        trace_id=trace_id,
        suggestion=_suggestion(judged.get("suggest")),
        label=_number(judged.get("label", 0)),
        errcode=errcode,
    )


def _suggestion(text: object) -> Suggestion:
    """Whatever is not a plain pass or risky needs a person."""
    return Suggestion(text) if text in ("pass", "risky") else Suggestion.REVIEW


def _push_id(content: dict[str, Any]) -> str:
    names = ("MsgId",) if content.get("MsgId") else ("FromUserName", "CreateTime", "Event", "trace_id")
    parts = json.dumps([str(content.get(name, "")) for name in names])
    return hashlib.sha256(parts.encode()).hexdigest()


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise PushUnreadable from None


def _content(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8").strip()
        content = _from_xml(text) if text.startswith("<") else json.loads(text)
    except (ValueError, RecursionError, ET.ParseError):
        raise PushUnreadable from None
    if not isinstance(content, dict):
        raise PushUnreadable
    return content


def _from_xml(text: str) -> dict[str, Any]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # without them the parser expands nothing
        raise PushUnreadable
    root = ET.fromstring(text)  # noqa: S314 no document type, so no entities
    return {child.tag: _element(child) for child in root}


def _element(element: ET.Element) -> Any:
    children = list(element)
    return {child.tag: child.text or "" for child in children} if children else element.text or ""
