"""Members as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock
from puhui.kernel.words import PURPOSES
from puhui.members.errors import ConsentRequired

REFRESH_LIFE = timedelta(days=30)


@dataclass(frozen=True)
class Consent:
    """A member's answer about one purpose, and the version of the notice."""

    purpose: str
    granted: bool
    version: str
    at: datetime

    def body(self) -> dict[str, Any]:
        """The contract's ``Consent``."""
        return {
            "purpose": self.purpose,
            "title": PURPOSES[self.purpose],
            "granted": self.granted,
            "version": self.version,
            "at": clock.to_text(self.at),
        }


@dataclass(frozen=True)
class Member:
    """A member. What identifies a person is sealed until it is needed, and in no repr."""

    id: str
    nickname: str
    roles: tuple[str, ...]
    created_at: datetime
    org: str = ""
    sealed_openid: bytes = field(default=b"", repr=False)
    sealed_session_key: bytes = field(default=b"", repr=False)
    consents: Mapping[str, Consent] = field(default_factory=dict)
    closed: bool = False  # being erased: nobody signs in as this member any more

    def require(self, purpose: str) -> None:
        """Raise ConsentRequired unless the member agrees to the purpose."""
        consent = self.consents.get(purpose)
        if consent is None or not consent.granted:
            raise ConsentRequired(purpose=purpose)

    def body(self) -> dict[str, Any]:
        """The contract's ``Member``."""
        return {
            "id": self.id,
            "nickname": self.nickname,
            "roles": list(self.roles),
            "created_at": clock.to_text(self.created_at),
        }
