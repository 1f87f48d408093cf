"""One stand-in: its configuration, state and clock, and what every endpoint of the platform does first."""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from infra.local.wechat.answers import Refusal
from infra.local.wechat.config import Config, PushSettings
from infra.local.wechat.state import Known, State, User

_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})")
_MODES = {"plain", "compat", "safe"}


class Platform:
    """Shared by all endpoints; safe to use from several threads."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.state = State(config.state_file)

    def now(self) -> float:
        """Epoch seconds of the stand-in's clock."""
        with self.state.reading() as known:
            return self.config.time() + known.clock_ahead_s

    @property
    def push(self) -> PushSettings:
        """The push settings, with what the control side has changed."""
        with self.state.reading() as known:
            return replace(self.config.push, **known.push)

    def change_push(self, changes: Mapping[str, Any]) -> PushSettings:
        """Change push settings. Raises ValueError when a setting is unknown or makes no sense."""
        settings = replace(self.config.push, **{**self._changed_push(), **_checked(changes)})
        _check_aes_key(settings.aes_key)
        with self.state.changing() as known:
            known.push = {
                name: value
                for name, value in asdict(settings).items()
                if value != getattr(self.config.push, name)
            }
        return settings

    def templates(self, known: Known) -> dict[str, tuple[str, ...]]:
        """Message templates: id to fields."""
        return {**self.config.templates, **{name: tuple(own) for name, own in known.templates.items()}}

    def _changed_push(self) -> dict[str, Any]:
        with self.state.reading() as known:
            return dict(known.push)


Endpoint = Callable[[Platform, "Asked"], Awaitable[dict[str, Any]]]


class Asked:
    """A request of the backend: query and body as they came."""

    def __init__(self, query: Mapping[str, str], raw: bytes) -> None:
        self.query = query
        self._raw = raw

    def body(self) -> dict[str, Any]:
        """The JSON body. Raises Refusal 44002 when empty, 47001 when no JSON, 40033 when Chinese is
        escaped."""
        if not self._raw.strip():
            raise Refusal(44002)
        if any(int(code, 16) > 127 for code in _ESCAPED.findall(self._raw)):
            raise Refusal(40033)
        try:
            content = json.loads(self._raw.decode("utf-8"))
        except ValueError:
            raise Refusal(47001) from None
        if not isinstance(content, dict):
            raise Refusal(47001)
        return content

    def text(self, body: Mapping[str, Any], name: str) -> str:
        """A text member of the body, "" when it is not there or no text."""
        value = body.get(name)
        return value if isinstance(value, str) else ""


def require_user(known: Known, openid: str) -> User:
    """The user of ``openid``. Raises Refusal 40003."""
    if (user := known.users.get(openid)) is None:
        raise Refusal(40003)
    return user


def require_app(platform: Platform, app_id: str, secret: str) -> None:
    """Raises Refusal 40013 for another app id, 40125 for another secret."""
    if app_id != platform.config.app_id:
        raise Refusal(40013)
    if not hmac.compare_digest(secret.encode(), platform.config.app_secret.encode()):
        raise Refusal(40125)


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {field.name: type(getattr(PushSettings(), field.name)) for field in fields(PushSettings)}
    checked: dict[str, Any] = {}
    for name, given in changes.items():
        kind = kinds.get(name)
        if kind is None:
            raise ValueError(f"unknown push setting {name}; there are {', '.join(kinds)}")
        value = float(given) if kind is float and type(given) is int else given
        if type(value) is not kind:
            raise ValueError(f"push setting {name} is of type {kind.__name__}")
        checked[name] = value
    if checked.get("mode", "safe") not in _MODES or checked.get("format", "json") not in {"json", "xml"}:
        raise ValueError("mode is plain, compat or safe; format is json or xml")
    return checked


def _check_aes_key(text: str) -> None:
    try:
        whole = len(base64.b64decode(text + "=", validate=True)) == 32
    except binascii.Error:
        whole = False
    if not whole:
        raise ValueError("aes_key (EncodingAESKey) has 43 characters of base64")
