"""The platform's API, one method a call, which raises the DomainErrors of errors.py."""

import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from puhui.kernel import clock
from puhui.wechat import errors
from puhui.wechat.model import (
    RISK_RANK_MAX,
    RiskScene,
    Scene,
    Session,
    Suggestion,
    TextVerdict,
    Token,
    TokenCache,
)
from puhui.wechat.tokens import AccessTokens
from puhui.wechat.transport import TOTAL_SECONDS, Call, Transport

PICTURE = 2
TEXT_CHARACTERS_MAX = 2500
OFFICIAL_BASE = "https://api.weixin.qq.com"


class WeChatClient:
    """One a process. ``base`` is https:// everywhere but on stage "local"."""

    def __init__(
        self,
        app_id: str,
        app_secret: str,
        base: str,
        token_cache: TokenCache,
        *,
        session: requests.Session | None = None,
        clock: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
        stage: str | None = None,
    ) -> None:
        if urlsplit(base).scheme != "https" and (stage or os.environ.get("STAGE")) != "local":
            raise ValueError("WECHAT_API_BASE must be https:// outside the local stage: it carries secrets")
        self._app_id = app_id
        self._app_secret = app_secret
        self._now = clock
        self._transport = Transport(base, session=session, sleep=sleep)
        self._tokens = AccessTokens(self._stable_token, token_cache, clock)

    @property
    def app_id(self) -> str:
        """The mini-program's app id, which watermarks name."""
        return self._app_id

    def code2session(self, code: str) -> Session:
        """Who ``wx.login`` gave this code to. Raises CodeInvalid, RiskBlocked, LoginTooFrequent."""
        query = {
            "appid": self._app_id,
            "secret": self._app_secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        answer = self._transport.send(Call("GET", "/sns/jscode2session", query), _deadline())
        openid, session_key = answer.get("openid"), answer.get("session_key")
        if not isinstance(openid, str) or not isinstance(session_key, str):
            raise errors.WeChatBusy(reason="no session in the answer", retry_after=2)
        return Session(openid, session_key, answer.get("unionid") or None)

    def msg_sec_check(self, content: str, openid: str, scene: Scene, *, nickname: str = "") -> TextVerdict:
        """What content security says of a text of at most 2500 characters (longer ones are for a person:
        ValueError).

        Raises UserAway when the user has not opened the mini-program within two hours.
        """
        if not 0 < len(content) <= TEXT_CHARACTERS_MAX:
            raise ValueError(f"a text to check has 1 to {TEXT_CHARACTERS_MAX} characters")
        body = {"content": content, "version": 2, "scene": int(scene), "openid": openid}
        if nickname and scene == Scene.PROFILE:
            body["nickname"] = nickname
        answer = self._authorised(Call("POST", "/wxa/msg_sec_check", {}, body))
        result = _object(answer, "result")
        suggest = result.get("suggest")
        suggestion = Suggestion(suggest) if suggest in ("pass", "risky") else Suggestion.REVIEW
        return TextVerdict(suggestion, int(result.get("label") or 0), str(answer.get("trace_id", "")))

    def media_check_async(self, media_url: str, openid: str, scene: Scene) -> str:
        """The trace id under which the verdict of this picture will be pushed (push.ContentVerdict).

        WeChat downloads ``media_url`` itself: let a presigned one live for at least 30 minutes.
        """
        body = {
            "media_url": media_url,
            "media_type": PICTURE,
            "version": 2,
            "scene": int(scene),
            "openid": openid,
        }
        answer = self._authorised(Call("POST", "/wxa/media_check_async", {}, body))
        trace_id = answer.get("trace_id")
        if not isinstance(trace_id, str) or not trace_id:
            raise errors.WeChatBusy(reason="no trace id in the answer", retry_after=2)
        return trace_id

    def user_risk_rank(self, openid: str, scene: RiskScene, client_ip: str) -> int:
        """How much of a risk the platform considers a user, from 0 (none) to 4 (high), as seen from this address."""
        body = {"appid": self._app_id, "openid": openid, "scene": int(scene), "client_ip": client_ip}
        answer = self._authorised(Call("POST", "/wxa/getuserriskrank", {}, body))
        rank = answer.get("risk_rank")
        if type(rank) is not int or not 0 <= rank <= RISK_RANK_MAX:
            raise errors.WeChatBusy(reason="no rank in the answer", retry_after=2)
        return rank

    def send_subscribe_message(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        page: str = "",
        language: str = "zh_CN",
        state: str = "formal",
    ) -> None:
        """Send a one-time subscription message; ``data`` maps the template's fields (thing1, ...) to their
        texts.

        Raises SubscriptionRefused when the user has no accept left. An answer that got lost is not asked for
        again, because the message may have gone out.
        """
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": template_id,
            "data": {name: {"value": value} for name, value in data.items()},
            "miniprogram_state": state,
            "lang": language,
        }
        if page:
            body["page"] = page
        self._authorised(Call("POST", "/cgi-bin/message/subscribe/send", {}, body, repeatable=False))

    def _authorised(self, call: Call) -> dict[str, Any]:
        """The answer with the access token; a refused token is renewed once and the call replayed once."""
        deadline = _deadline()
        token = self._tokens.current(deadline)
        try:
            return self._transport.send(_with(call, token), deadline)
        except errors.WeChatMisconfigured as refusal:
            if refusal.details["errcode"] not in errors.TOKEN_REFUSED:
                raise
        return self._transport.send(_with(call, self._tokens.after_refusal(token, deadline)), deadline)

    def _stable_token(self, deadline: float) -> Token:
        asked = self._now()
        body = {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._app_secret,
            "force_refresh": False,
        }
        answer = self._transport.send(Call("POST", "/cgi-bin/stable_token", {}, body), deadline)
        value, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not isinstance(seconds, int):
            raise errors.WeChatBusy(reason="no token in the answer", retry_after=2)
        return Token(value, asked + timedelta(seconds=seconds))


def _deadline() -> float:
    return time.monotonic() + TOTAL_SECONDS


def _with(call: Call, token: str) -> Call:
    return call._replace(query={"access_token": token, **call.query})


def _object(answer: dict[str, Any], name: str) -> dict[str, Any]:
    value = answer.get(name)
    return value if isinstance(value, dict) else {}
