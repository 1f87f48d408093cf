"""What WeChat answers and pushes, as values. Those that identify a person or open a door are kept out of every repr."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol, TypeGuard

from puhui.kernel.clock import CHINA, programme_day
from puhui.wechat.errors import CONTENT_REFUSED, DataMalformed

WERUN_DAYS_MAX = 31
RISK_RANK_MAX = 4
_MOMENTS_END = 1 << 33  # the year 2242; what lies beyond is no date of a phone


class Suggestion(StrEnum):
    """What content security advises."""

    PASS = "pass"  # noqa: S105 not a password
    REVIEW = "review"
    RISKY = "risky"


class Scene(IntEnum):
    """Where a text or picture appears."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    SOCIAL_LOG = 4


class RiskScene(IntEnum):
    """What somebody is about to do whose risk is asked for."""

    REGISTER = 0
    MARKETING = 1
    CONTENT = 2


@dataclass(frozen=True)
class Session:
    """Who signed in: ``openid`` and ``session_key`` are secrets of the server."""

    openid: str = field(repr=False)
    session_key: str = field(repr=False)
    unionid: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Token:
    """An access token and the moment it ends (aware)."""

    value: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class TextVerdict:
    """What content security says of a text; ``label`` 100 is normal, the others are WeChat's table."""

    suggestion: Suggestion
    label: int
    trace_id: str


@dataclass(frozen=True)
class ContentVerdict:
    """What content security says of a picture, pushed up to 30 minutes after ``media_check_async``.

    ``errcode`` is 0, or why WeChat could not judge (-1008: it could not download the file); then the
    suggestion is REVIEW, because a person has to look. ``push_id`` is the same for every copy of this push.
    """

    push_id: str
    trace_id: str
    suggestion: Suggestion
    label: int
    errcode: int

    @property
    def word(self) -> str:
        """pass, review, risky, or error when the platform could not say."""
        if self.errcode in CONTENT_REFUSED:
            return Suggestion.RISKY.value
        return "error" if self.errcode else self.suggestion.value


@dataclass(frozen=True)
class Other:
    """A push of another kind: its event's name (or message type) and content."""

    push_id: str
    event: str
    content: dict[str, Any] = field(repr=False)


Push = ContentVerdict | Other


class TokenCache(Protocol):
    """Where processes share the access token."""

    def load(self) -> Token | None:
        """The token that was saved last, if any."""

    def save(self, token: Token, rejected: str) -> None:
        """Keep ``token`` unless one that lasts longer is there; ``rejected`` may be replaced in any case."""


def steps_by_day(content: dict[str, Any]) -> dict[date, int]:
    """Steps a programme day from a decrypted ``wx.getWeRunData``; what a day's steps can be is asked day by day later.

    Raises DataMalformed when it is anything else than up to 31 entries of a moment and a whole number.
    """
    entries = content.get("stepInfoList")
    if not isinstance(entries, list) or len(entries) > WERUN_DAYS_MAX:
        raise DataMalformed(
            detail_zh=f"stepInfoList 不是最多 {WERUN_DAYS_MAX} 天的列表",
            detail_en=f"stepInfoList is no list of at most {WERUN_DAYS_MAX} days",
        )
    days: dict[date, int] = {}
    for entry in entries:
        day, step = _entry(entry)
        days[day] = max(step, days.get(day, step))
    return days


def _entry(entry: object) -> tuple[date, int]:
    start, step = (entry.get("timestamp"), entry.get("step")) if isinstance(entry, dict) else (None, None)
    if not _whole(start) or not _whole(step) or not 0 <= start < _MOMENTS_END:
        raise DataMalformed(
            detail_zh="有一天的 timestamp 或 step 不是整数，或日期不存在",
            detail_en="a day's timestamp or step is no whole number, or the day does not exist",
        )
    return programme_day(datetime.fromtimestamp(start, CHINA)), step


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
