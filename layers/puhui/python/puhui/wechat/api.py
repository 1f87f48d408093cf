"""What other contexts may use. Importing it does not import ``requests``: a function that only decrypts or
receives pushes starts without it; ``connect`` brings it in."""

import importlib
import os
from collections.abc import Mapping
from typing import Any, Protocol

from puhui.store import secrets
from puhui.wechat.crypto import decrypt_user_data
from puhui.wechat.dynamo import PushLog, SharedToken, Verdicts
from puhui.wechat.errors import (
    CodeInvalid,
    ContentRisky,
    DataMalformed,
    DataOld,
    LoginTooFrequent,
    RiskBlocked,
    SessionStale,
    SubscriptionRefused,
    UserAway,
    WeChatBusy,
    WeChatMisconfigured,
    WeChatRefused,
)
from puhui.wechat.model import (
    ContentVerdict,
    RiskScene,
    Scene,
    Session,
    Suggestion,
    TextVerdict,
    steps_by_day,
)
from puhui.wechat.push import PushReceiver
from puhui.wechat.usecases import receive_push

__all__ = [
    "CodeInvalid",
    "ContentRisky",
    "ContentVerdict",
    "DataMalformed",
    "DataOld",
    "LoginTooFrequent",
    "PushLog",
    "PushReceiver",
    "RiskBlocked",
    "RiskScene",
    "Scene",
    "Session",
    "SessionStale",
    "SubscriptionRefused",
    "Suggestion",
    "TextVerdict",
    "UserAway",
    "Verdicts",
    "WeChat",
    "WeChatBusy",
    "WeChatMisconfigured",
    "WeChatRefused",
    "connect",
    "decrypt_user_data",
    "push_receiver",
    "receive_push",
    "steps_by_day",
]


class WeChat(Protocol):
    """The platform as other contexts see it; ``client.WeChatClient`` says what each call means and raises."""

    @property
    def app_id(self) -> str:
        """The mini-program's app id."""

    def code2session(self, code: str) -> Session:
        """Who wx.login gave this code to."""

    def msg_sec_check(self, content: str, openid: str, scene: Scene, *, nickname: str = "") -> TextVerdict:
        """What content security says of a text."""

    def media_check_async(self, media_url: str, openid: str, scene: Scene) -> str:
        """The trace id under which the verdict of a picture will be pushed."""

    def user_risk_rank(self, openid: str, scene: RiskScene, client_ip: str) -> int:
        """How much of a risk the platform considers a user, 0 to 4."""

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
        """Send a one-time subscription message."""


def connect() -> WeChat:
    """The client of WECHAT_APP_ID, WECHAT_API_BASE, WECHAT_SECRET and WECHAT_TABLE.

    It reads the secret: build it once a process, on first use (``functools.cache(connect)``).
    """
    client: Any = importlib.import_module("puhui.wechat.client")
    wechat: WeChat = client.WeChatClient(
        os.environ["WECHAT_APP_ID"],
        secrets.read(os.environ["WECHAT_SECRET"])["app_secret"],
        os.environ.get("WECHAT_API_BASE") or client.OFFICIAL_BASE,
        SharedToken.from_environment(),
    )
    return wechat


def push_receiver() -> PushReceiver:
    """The receiver of WECHAT_APP_ID and WECHAT_SECRET. It reads the secret: build it once, on first use."""
    secret = secrets.read(os.environ["WECHAT_SECRET"])
    return PushReceiver(secret["push_token"], secret["push_aes_key"], os.environ["WECHAT_APP_ID"])
