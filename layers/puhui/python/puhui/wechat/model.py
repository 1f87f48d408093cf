"""What WeChat tells us, as values. Those that identify a person or open a door are kept out of every repr."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol

from puhui.kernel.clock import CHINA, programme_day
from puhui.wechat.errors import CONTENT_REFUSED, SessionStale

STEPS_A_DAY_MAX = 200_000  # far above any walker; what is above is no step count
WERUN_DAYS_MAX = 31


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
        """pass, review, risky, or error when the platform could not tell."""
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
    """Steps a programme day from a decrypted ``wx.getWeRunData``.

    Raises SessionStale when it is anything else than up to 31 entries of a day's start and a plausible count:
    such data was not written by WeChat.
    """
    entries = content.get("stepInfoList")
    if not isinstance(entries, list) or len(entries) > WERUN_DAYS_MAX:
        raise SessionStale
    days: dict[date, int] = {}
    for entry in entries:
        start, step = _entry(entry)
        day = programme_day(datetime.fromtimestamp(start, CHINA))
        days[day] = max(step, days.get(day, 0))
    return days


def _entry(entry: object) -> tuple[int, int]:
    if not isinstance(entry, dict):
        raise SessionStale
    return _whole(entry.get("timestamp"), 1 << 33), _whole(entry.get("step"), STEPS_A_DAY_MAX)


def _whole(value: object, maximum: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= maximum:
        raise SessionStale
    return value
