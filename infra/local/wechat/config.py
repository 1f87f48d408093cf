"""What a stand-in is started with."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

APP_ID = "wxpuhuilocal000001"
APP_SECRET = "puhui-local-app-secret-0000000000"  # noqa: S105 of a stand-in, worth nothing
PUSH_TOKEN = "puhuiLocalPushToken"  # noqa: S105
PUSH_AES_KEY = "puhuiLocalEncodingAesKey0000000000000000000"

ACTIVITY_TEMPLATE = "puhui-activity-result"  # the stack's default for NoticeTemplateId
REDEMPTION_TEMPLATE = "puhui-redemption-state"
EXPIRY_TEMPLATE = "puhui-points-expiry"
TEMPLATES = {
    ACTIVITY_TEMPLATE: ("thing1", "phrase2", "time3", "thing4"),
    REDEMPTION_TEMPLATE: ("thing1", "number2", "phrase3", "time4"),
    EXPIRY_TEMPLATE: ("thing1", "number2", "time3", "thing4"),
}


@dataclass(frozen=True)
class PushSettings:
    """The platform's console page "message push".

    ``mode`` is plain, compat or safe; ``format`` json or xml. ``first_delay_s`` is how long content security
    takes; ``time_scale`` shortens the waits between retries (1.0 is the platform's own pace). ``duplicates``
    sends each push that often again although it was acknowledged. Without ``url`` pushes are kept and go
    nowhere.
    """

    url: str = ""
    token: str = PUSH_TOKEN
    aes_key: str = PUSH_AES_KEY
    mode: str = "safe"
    format: str = "json"
    first_delay_s: float = 1.0
    time_scale: float = 1.0
    duplicates: int = 0
    held: bool = False


@dataclass(frozen=True)
class Config:
    """``state_file`` keeps users, session keys, tokens and verdicts over a restart; None keeps nothing.

    ``time`` answers epoch seconds; the control side can move the stand-in's clock ahead of it.
    """

    app_id: str = APP_ID
    app_secret: str = APP_SECRET
    push: PushSettings = field(default_factory=PushSettings)
    state_file: Path | None = None
    templates: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(TEMPLATES))
    time: Callable[[], float] = time.time
