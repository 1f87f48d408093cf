"""Subscribe messages: one accept is one message; a template's fields have kinds, and kinds have limits."""

import re
import unicodedata
from typing import Any

from infra.local.wechat.answers import Refusal
from infra.local.wechat.people import DEMO_ACCEPTS
from infra.local.wechat.platform import Asked, Platform, require_user
from infra.local.wechat.state import User
from infra.local.wechat.tokens import require_token

MESSAGES_KEPT = 5000
_PAGE = re.compile(r"(?!/)[\w\-/.]{1,128}(\?[\x21-\x7e]*)?")
_LANGUAGES = ("zh_CN", "en_US", "zh_HK", "zh_TW")
_STATES = ("developer", "trial", "formal")
_CHINESE_NAME, _OTHER_NAME = re.compile(r"[一-鿿·]{1,10}"), re.compile(r"[A-Za-z .·]{1,20}")

# The documents' table of parameter kinds.
_KINDS: dict[str, re.Pattern[str]] = {
    "thing": re.compile(r".{1,20}", re.DOTALL),
    "number": re.compile(r"(?=.{1,32}$)\d+(\.\d+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x20-\x7e]{1,32}"),
    "time": re.compile(
        r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/]\d{1,2}[-/]\d{1,2})?\s?(\d{1,2}:\d{2}(:\d{2})?)?"
    ),
    "date": re.compile(
        r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/]\d{1,2}[-/]\d{1,2})(\s?\d{1,2}:\d{2}(:\d{2})?)?"
    ),
    "amount": re.compile(r"[¥￥$€£]?\d{1,10}(\.\d+)?元?"),
    "phone_number": re.compile(r"[\d+\-\s]{1,17}"),
    "car_number": re.compile(r"[一-鿿A-Z0-9]{1,8}"),
    "phrase": re.compile(r"[一-鿿]{1,5}"),
}


async def subscribe_send(platform: Platform, asked: Asked) -> dict[str, Any]:
    """POST /cgi-bin/message/subscribe/send."""
    require_token(platform, asked.query)
    body = asked.body()
    template_id, page = asked.text(body, "template_id"), asked.text(body, "page")
    with platform.state.changing() as known:
        user = require_user(known, asked.text(body, "touser"))
        names = platform.templates(known).get(template_id)
        if names is None:
            raise Refusal(40037)
        if page and not _PAGE.fullmatch(page):
            raise Refusal(41030)
        data = _checked(body.get("data"), names)
        if (
            body.get("lang", "zh_CN") not in _LANGUAGES
            or body.get("miniprogram_state", "formal") not in _STATES
        ):
            raise Refusal(40097)
        _spend_accept(user, template_id)
        message = {
            "msgid": 1 + (known.messages[-1]["msgid"] if known.messages else 0),
            "openid": user.openid,
            "template_id": template_id,
            "page": page,
            "data": data,
            "lang": body.get("lang", "zh_CN"),
            "miniprogram_state": body.get("miniprogram_state", "formal"),
            "sent_at": int(platform.now()),
        }
        known.messages = [*known.messages[-MESSAGES_KEPT + 1 :], message]
    return {"errcode": 0, "errmsg": "ok", "msgid": message["msgid"]}


def accepts_left(user: User, template_id: str) -> int:
    """How many messages of this template the user still accepts."""
    return user.accepts.get(template_id, DEMO_ACCEPTS if user.demo else 0)


def _spend_accept(user: User, template_id: str) -> None:
    left = accepts_left(user, template_id)
    if left <= 0:
        raise Refusal(43101)
    user.accepts[template_id] = left - 1


def _checked(data: Any, names: tuple[str, ...]) -> dict[str, str]:
    if not isinstance(data, dict):
        raise Refusal(47003, "argument invalid! data")
    values: dict[str, str] = {}
    for name in names:
        entry = data.get(name)
        value = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(value, str | int) or value == "":
            raise Refusal(47003, f"argument invalid! data.{name}.value is empty")
        if not _fits(name, str(value)):
            raise Refusal(47003, f"argument invalid! data.{name}.value invalid")
        values[name] = str(value)
    return values


def _fits(name: str, value: str) -> bool:
    kind = name.rstrip("0123456789")
    if any(unicodedata.category(character) == "Cc" for character in value):
        return False
    if kind == "name":
        return bool(_CHINESE_NAME.fullmatch(value) or _OTHER_NAME.fullmatch(value))
    pattern = _KINDS.get(kind)
    return pattern is None or bool(pattern.fullmatch(value))
