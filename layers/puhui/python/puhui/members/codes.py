"""Codes by which one member invites another: signed, for one purpose, good for a few days. Nothing is stored."""

import base64
import hmac
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from puhui.kernel import ids
from puhui.members.errors import InvitationExpired, InvitationInvalid
from puhui.store import secrets

LIFE = timedelta(days=3)
FRIEND, HOUSEHOLD, GUARDIAN = "friend", "household", "guardian"
_MAC_BYTES, _TIME_DIGITS = 15, 8  # 20 characters of base 64, 8 hexadecimal digits of seconds


@dataclass(frozen=True)
class Invitation:
    """Who invited, and when; until ``ends`` the code works."""

    member_id: str
    issued_at: datetime

    @property
    def ends(self) -> datetime:
        """The moment from which the code no longer works."""
        return self.issued_at + LIFE


@dataclass(frozen=True)
class Codes:
    """Writes and reads codes with one key."""

    key: bytes = field(repr=False)

    @classmethod
    def from_environment(cls) -> "Codes":
        """With the key that signs cursors as well, of the secret that CURSOR_SECRET names: {"key": base64}."""
        return cls(base64.b64decode(secrets.read(os.environ["CURSOR_SECRET"])["key"]))

    def write(self, purpose: str, member_id: str, now: datetime) -> str:
        """The member's code: 54 characters, the same within a second."""
        body = f"{member_id}{int(now.timestamp()):0{_TIME_DIGITS}x}"
        return body + self._mac(purpose, body)

    def read(self, purpose: str, code: str, now: datetime) -> Invitation:
        """Who invited with it. Raises InvitationInvalid (made up, changed, for another purpose), InvitationExpired."""
        body, mac = code[: ids.LENGTH + _TIME_DIGITS], code[ids.LENGTH + _TIME_DIGITS :]
        if not hmac.compare_digest(mac.encode(), self._mac(purpose, body).encode()):
            raise InvitationInvalid
        seconds = int(body[ids.LENGTH :], 16)
        invitation = Invitation(body[: ids.LENGTH], datetime.fromtimestamp(seconds, UTC))
        if invitation.ends <= now:
            raise InvitationExpired
        return invitation

    def _mac(self, purpose: str, body: str) -> str:
        digest = hmac.digest(self.key, f"invitation\0{purpose}\0{body}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode()
