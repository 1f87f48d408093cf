"""Content security: verdicts of texts by keyword, of pictures by their SHA-256 or by bytes they contain."""

import hashlib
import ipaddress
import secrets
from typing import Any

from infra.local.wechat.answers import Refusal, rid
from infra.local.wechat.outbox import Outbox
from infra.local.wechat.platform import Asked, Endpoint, Platform, require_user
from infra.local.wechat.state import Known
from infra.local.wechat.tokens import require_token

VISIT_SECONDS = 2 * 3600
TEXT_CHARACTERS_MAX = 2500
NORMAL: dict[str, Any] = {"suggest": "pass", "label": 100}
SEVERITY = ("pass", "review", "risky")
LABELS = (100, 10001, 20001, 20002, 20003, 20006, 20008, 20012, 20013, 21000)

# Always there, so that anyone can see each outcome: in a text, or anywhere in a picture's bytes.
STANDING_VERDICTS: tuple[dict[str, Any], ...] = (
    {"keyword": "puhui-standin-risky", "suggest": "risky", "label": 21000},
    {"keyword": "puhui-standin-review", "suggest": "review", "label": 21000},
    {"keyword": "赌博", "suggest": "risky", "label": 20006},
    {"keyword": "加微信", "suggest": "review", "label": 10001},
)


def verdict_of(known: Known, data: bytes) -> dict[str, Any]:
    """The gravest verdict that fits: ``suggest``, ``label`` and the ``keyword`` that was found, if any."""
    digest = hashlib.sha256(data).hexdigest()
    found = [NORMAL]
    for verdict in (*STANDING_VERDICTS, *known.verdicts):
        keyword = verdict.get("keyword", "")
        if verdict.get("sha256") == digest or (keyword and keyword.encode() in data):
            found.append(verdict)
    return max(found, key=lambda verdict: SEVERITY.index(verdict["suggest"]))


async def msg_sec_check(platform: Platform, asked: Asked) -> dict[str, Any]:
    """POST /wxa/msg_sec_check, version 2; without a version the frozen first version's pass or 87014."""
    require_token(platform, asked.query)
    body = asked.body()
    content = asked.text(body, "content")
    if not content:
        raise Refusal(44002)
    texts = [content, *(asked.text(body, name) for name in ("title", "nickname", "signature"))]
    with platform.state.reading() as known:
        verdict = verdict_of(known, "\n".join(texts).encode())
    if body.get("version", 1) == 1:
        if verdict["suggest"] == "risky":
            raise Refusal(87014)
        return {"errcode": 0, "errmsg": "ok"}
    _require_scene_and_visit(platform, body)
    if len(content) > TEXT_CHARACTERS_MAX:
        raise Refusal(40097)
    return {"errcode": 0, "errmsg": "ok", **_result(verdict), "trace_id": rid()}


def media_check_async(outbox: Outbox) -> Endpoint:
    """POST /wxa/media_check_async, version 2: the verdict comes as a push."""

    async def endpoint(platform: Platform, asked: Asked) -> dict[str, Any]:
        require_token(platform, asked.query)
        body = asked.body()
        url = asked.text(body, "media_url")
        if not url.startswith(("http://", "https://")) or body.get("media_type") not in (1, 2):
            raise Refusal(40097)
        if body.get("version") != 2:
            raise Refusal(40097)
        openid = _require_scene_and_visit(platform, body)
        trace_id = rid()
        outbox.check_later(trace_id, openid, url)
        return {"errcode": 0, "errmsg": "ok", "trace_id": trace_id}

    return endpoint


async def getuserriskrank(platform: Platform, asked: Asked) -> dict[str, Any]:
    """POST /wxa/getuserriskrank: what the control side says of the user. The platform writes ``unoin_id``."""
    require_token(platform, asked.query)
    body = asked.body()
    if asked.text(body, "appid") != platform.config.app_id:
        raise Refusal(40013)
    if body.get("scene") not in (0, 1, 2):
        raise Refusal(40129)
    try:
        ipaddress.ip_address(asked.text(body, "client_ip"))
    except ValueError:
        raise Refusal(40097) from None
    with platform.state.reading() as known:
        rank = require_user(known, asked.text(body, "openid")).risk_rank
    return {
        "errcode": 0,
        "errmsg": "getuserriskrank succ",
        "risk_rank": rank,
        "unoin_id": secrets.randbits(40),
    }


def media_event(known: Known, app_id: str, trace_id: str, data: bytes | None) -> dict[str, Any]:
    """What the push says of a file; None when it could not be downloaded."""
    event = {"appid": app_id, "trace_id": trace_id, "version": 2}
    if data is None:
        return {**event, "detail": [], "errcode": -1008, "errmsg": "download media failed"}
    result = _result(verdict_of(known, data))
    return {**event, **result, "detail": result["detail"][:1], "errcode": 0, "errmsg": "ok"}


def _result(verdict: dict[str, Any]) -> dict[str, Any]:
    advice = {"suggest": verdict["suggest"], "label": verdict["label"]}
    detail: list[dict[str, Any]] = [{"strategy": "content_model", "errcode": 0, **advice, "prob": 90}]
    if verdict.get("keyword"):
        level = 90 if verdict["suggest"] == "risky" else 20
        detail.append(
            {"strategy": "keyword", "errcode": 0, **advice, "level": level, "keyword": verdict["keyword"]}
        )
    return {"result": advice, "detail": detail}


def _require_scene_and_visit(platform: Platform, body: dict[str, Any]) -> str:
    if body.get("scene") not in (1, 2, 3, 4):
        raise Refusal(40129)
    with platform.state.reading() as known:
        user = require_user(known, str(body.get("openid", "")))
        if platform.now() - user.visited_at > VISIT_SECONDS:
            raise Refusal(61010, "user has not visited in two hours")
        return user.openid
