"""Sign-in: wx.login's codes, session keys that rotate, and the two session endpoints."""

import hmac
import secrets
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from infra.local.wechat import ciphers
from infra.local.wechat.answers import Refusal
from infra.local.wechat.platform import Asked, Endpoint, Platform, require_app, require_user
from infra.local.wechat.state import User
from infra.local.wechat.tokens import require_token

CODE_SECONDS = 300
LOGINS_A_MINUTE = 100
CODES_KEPT = 10_000


@dataclass
class _Code:
    openid: str
    minted_at: float
    used: bool = False


class Codes:
    """wx.login's codes: good once, for five minutes. They live in memory: a code does not outlive a
    restart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._logins: dict[str, deque[float]] = {}

    def mint(self, platform: Platform, openid: str) -> str:
        """What wx.login gives a user; a new login ends the session key of the one before."""
        code = "0" + secrets.token_urlsafe(24)[:31]
        with platform.state.changing() as known:
            user = known.users[openid]
            rotate(user)
            user.visited_at = platform.now()
        with self._lock:
            self._codes[code] = _Code(openid, platform.now())
            while len(self._codes) > CODES_KEPT:
                del self._codes[next(iter(self._codes))]
        return code

    def spend(self, platform: Platform, text: str) -> str:
        """The openid of a code. Raises Refusal 40029 (unknown, too old), 40163 (used), 45011 (too many)."""
        now = platform.now()
        with self._lock:
            code = self._codes.get(text)
            if code is None or now - code.minted_at > CODE_SECONDS:
                raise Refusal(40029)
            if code.used:
                raise Refusal(40163)
            logins = self._logins.setdefault(code.openid, deque())
            while logins and now - logins[0] >= 60:
                logins.popleft()
            if len(logins) >= LOGINS_A_MINUTE:
                raise Refusal(45011)
            logins.append(now)
            code.used = True
            return code.openid


def rotate(user: User) -> None:
    """Give the user a new session key; what was encrypted with the old one cannot be read any more."""
    user.session_key = ciphers.new_session_key()
    user.rotations += 1


def jscode2session(codes: Codes) -> Endpoint:
    """GET /sns/jscode2session."""

    async def endpoint(platform: Platform, asked: Asked) -> dict[str, Any]:
        query = asked.query
        for name, errcode in (("appid", 41002), ("secret", 41004), ("js_code", 41008)):
            if not query.get(name):
                raise Refusal(errcode)
        if query.get("grant_type") != "authorization_code":
            raise Refusal(40002)
        require_app(platform, query["appid"], query["secret"])
        openid = codes.spend(platform, query["js_code"])
        with platform.state.reading() as known:
            user = require_user(known, openid)
            if user.risk_blocked:
                raise Refusal(40226)
            session = {"session_key": user.session_key, "openid": openid}
            return {**session, "unionid": user.unionid} if user.unionid else session

    return endpoint


async def checksession(platform: Platform, asked: Asked) -> dict[str, Any]:
    """GET /wxa/checksession."""
    _require_session(platform, asked)
    return {"errcode": 0, "errmsg": "ok"}


async def resetusersessionkey(platform: Platform, asked: Asked) -> dict[str, Any]:
    """GET /wxa/resetusersessionkey."""
    openid = _require_session(platform, asked)
    with platform.state.changing() as known:
        rotate(known.users[openid])
        return {
            "errcode": 0,
            "errmsg": "ok",
            "openid": openid,
            "session_key": known.users[openid].session_key,
        }


def _require_session(platform: Platform, asked: Asked) -> str:
    require_token(platform, asked.query)
    if asked.query.get("sig_method") != "hmac_sha256":
        raise Refusal(87008)
    openid = asked.query.get("openid", "")
    with platform.state.reading() as known:
        session_key = require_user(known, openid).session_key
    signature = asked.query.get("signature", "")
    if not session_key or not hmac.compare_digest(
        ciphers.session_signature(session_key).encode(), signature.encode()
    ):
        raise Refusal(87009)
    return openid
