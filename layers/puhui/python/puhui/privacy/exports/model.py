"""An export as a pure value.

| status    | who moves it on, by which operation                        | to        | what the member sees |
|-----------|------------------------------------------------------------|-----------|----------------------|
| (new)     | the member, ``export_me``                                  | gathering | gathering |
| gathering | the state machine, ``close_export``                        | ready     | ready: the address can be asked for |
|           | the state machine or, after READY_WITHIN, the schedule     | failed    | failed: asks again |
| ready     | the member, ``open_export``, freshly signed in             | fetched   | the address, once; it works for LINK_SECONDS |
| ready, fetched | the schedule, KEPT after it was ready                 | expired   | expired; the file is gone |
| failed, expired |                                                      |           | |
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock

GATHERING, READY, FETCHED, EXPIRED, FAILED = "gathering", "ready", "fetched", "expired", "failed"
READY_WITHIN = timedelta(hours=24)
KEPT = timedelta(hours=72)
LINK_SECONDS = 600
FIRST_CHECK_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Export:
    """One file of everything that is kept of a member. ``link_key``: which request got the address, at ``fetched_at``."""

    id: str
    member_id: str
    status: str
    asked_at: datetime
    body_hash: str = ""
    next_check_at: datetime | None = None
    ready_at: datetime | None = None
    fetched_at: datetime | None = None
    link_key: str = ""
    size: int = 0
    manifest_sha256: str = ""

    @property
    def folder(self) -> str:
        """Where its file is, and what is kept while it is put together."""
        return f"{folder_of(self.member_id)}{self.id}/"

    @property
    def object_key(self) -> str:
        """The file."""
        return f"{self.folder}puhui-export.zip"

    @property
    def expires_at(self) -> datetime | None:
        """From when on it cannot be fetched."""
        return self.ready_at + KEPT if self.ready_at else None

    def as_of(self, now: datetime) -> str:
        """The status as the member sees it ``now``, whether or not the schedule has come by."""
        over = self.expires_at is not None and now >= self.expires_at
        return EXPIRED if over and self.status in (READY, FETCHED) else self.status

    def body(self, now: datetime) -> dict[str, Any]:
        """The contract's ``Export``."""
        body: dict[str, Any] = {
            "id": self.id,
            "status": self.as_of(now),
            "asked_at": clock.to_text(self.asked_at),
        }
        if self.ready_at and self.expires_at:
            body |= {
                "ready_at": clock.to_text(self.ready_at),
                "expires_at": clock.to_text(self.expires_at),
                "size": self.size,
            }
        return body


def folder_of(member_id: str) -> str:
    """Where a member's exports are."""
    return f"exports/{member_id}/"
