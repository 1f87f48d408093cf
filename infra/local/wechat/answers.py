"""How the platform answers: HTTP 200 for its own errors too, a request id in every errmsg, odd content
types."""

import json
import secrets
from typing import Any

from starlette.responses import Response

TEXTS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40037: "invalid template_id",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40226: "code blocked",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    43104: "this appid does not have permission",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error",
    47003: "argument invalid!",
    61010: "code is expired",
    87008: "invalid signature method",
    87009: "invalid signature",
    87014: "risky content",
}


class Refusal(Exception):
    """An endpoint's way to say no: it becomes ``{"errcode", "errmsg"}``."""

    def __init__(self, errcode: int, text: str = "") -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.text = text or TEXTS.get(errcode, "error")


def rid() -> str:
    """A request id as the platform writes it."""
    return "-".join(secrets.token_hex(4) for _ in range(3))


def refused(path: str, refusal: Refusal) -> Response:
    """The answer of an error."""
    return answered(path, {"errcode": refusal.errcode, "errmsg": f"{refusal.text} rid: {rid()}"})


def answered(path: str, content: dict[str, Any]) -> Response:
    """The answer of a success, or what ``refused`` makes of a refusal."""
    media_type = "text/plain" if path.startswith("/sns/") else "application/json; encoding=utf-8"
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    # As a header and not as media_type, which would add a charset that the platform does not send.
    return Response(body, headers={"Content-Type": media_type, "X-Content-Type-Options": "nosniff"})


def bad_gateway(status: int) -> Response:
    """What a gateway in front of the platform says."""
    return Response(f"<html><body><h1>{status}</h1></body></html>", status, media_type="text/html")
