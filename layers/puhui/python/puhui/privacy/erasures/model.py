"""The erasure of an account as a pure value.

| status    | who moves it on, by which operation                          | to        | what is seen |
|-----------|--------------------------------------------------------------|-----------|--------------|
| (new)     | the member, ``erase_me``, freshly signed in                  | waiting   | ``get_erasure``: from when on it cannot be withdrawn |
| waiting   | the member, ``withdraw_erasure``                             | withdrawn | nothing happened |
|           | the state machine from ``closes_at`` on, ``begin_erasure``   | closing   | nobody signs in as this member any more |
| closing   | the state machine, ``finish_erasure``                        | erased    | the account answers nothing; a new sign-in is a new member |
| erased    | once more LATE after it, for what came late                  | erased    | |
| withdrawn | the member, ``erase_me``                                     | waiting   | |

GRACE is there because an erasure cannot be undone, and whoever holds an unlocked phone for a minute could ask for it: three days, in
which the member sees it in the app and withdraws it. PIPL asks for fifteen working days at most.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from puhui.kernel import clock, ids
from puhui.privacy.errors import SignInAgain

WAITING, CLOSING, ERASED, WITHDRAWN = "waiting", "closing", "erased", "withdrawn"
GRACE_SECONDS = 72 * 3600
FRESH = timedelta(
    minutes=10
)  # a sign-in that confirms: the session's id carries its moment, which no refresh renews
LATE = timedelta(
    days=15
)  # what may still come in: a partner's answer to an order takes fourteen days at most
CHECK_AFTER = timedelta(hours=2)  # the machine is done well before that; then it is started again


@dataclass(frozen=True)
class Erasure:
    """A member's wish to be erased. ``id`` names the execution. ``next_check_at``: when the schedule looks whether it goes on."""

    member_id: str
    id: str
    status: str
    asked_at: datetime
    closes_at: datetime
    next_check_at: datetime | None = None
    erased_at: datetime | None = None

    def body(self) -> dict[str, Any]:
        """The contract's ``Erasure``."""
        return {
            "status": self.status,
            "asked_at": clock.to_text(self.asked_at),
            "closes_at": clock.to_text(self.closes_at),
        }

    def execution_input(self) -> dict[str, Any]:
        """What the machine starts with: an id and a time."""
        return {"member_id": self.member_id, "erasure_id": self.id, "closes_at": _utc(self.closes_at)}


def asked(member_id: str, grace_seconds: int, now: datetime) -> Erasure:
    """A new wish."""
    closes_at = (now + timedelta(seconds=grace_seconds)).replace(microsecond=0)
    return Erasure(
        member_id,
        ids.new_id(now),
        WAITING,
        now.replace(microsecond=0),
        closes_at,
        next_check_at=closes_at + CHECK_AFTER,
    )


def require_fresh(session_id: str, now: datetime) -> None:
    """Raise SignInAgain unless the member signed in just now, by wx.login."""
    if len(session_id) != ids.LENGTH or now - ids.time_of(session_id) > FRESH:
        raise SignInAgain(minutes=int(FRESH.total_seconds()) // 60)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
