"""Time: always aware, and a day is the programme's day in China."""

from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(
    timedelta(hours=8), "Asia/Shanghai"
)  # China has kept one zone without summer time since 1991
CLOCK_SKEW = timedelta(
    minutes=5
)  # any clock that is not ours may run ahead by this much: phones, tills, WeChat


def now() -> datetime:
    """The present moment in UTC. Only functions' edges call it; rules are given the time."""
    return datetime.now(UTC)


def programme_day(at: datetime) -> date:
    """The calendar day in China on which ``at`` falls."""
    return at.astimezone(CHINA).date()


def day_start(day: date) -> datetime:
    """Midnight in China at which ``day`` begins."""
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


def to_text(at: datetime) -> str:
    """RFC 3339 with China's offset and whole seconds, e.g. ``2026-11-21T08:30:00+08:00``."""
    return at.astimezone(CHINA).isoformat(timespec="seconds")


def from_text(text: str) -> datetime:
    """An aware time from RFC 3339. Raises ValueError when the offset is missing or the text is no time."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs an offset, such as +08:00")
    return at
