"""Members as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock
from puhui.kernel.words import purpose_title
from puhui.members.errors import ConsentRequired
from puhui.members.minors import age_group, closed_to

REFRESH_LIFE = timedelta(days=30)


@dataclass(frozen=True)
class Consent:
    """A member's answer about one purpose, and the version of the notice. ``since``: when it was first given, if it was only renewed
    since then. ``by``: the guardian who answered for the member."""

    purpose: str
    granted: bool
    version: str
    at: datetime
    since: datetime | None = None
    by: str = ""

    def after(self, before: "Consent | None") -> "Consent":
        """The answer, as it follows the one before: who only renews has agreed since then."""
        if not (self.granted and before and before.granted):
            return self
        return replace(self, since=before.since or before.at)

    def body(self) -> dict[str, Any]:
        """The contract's ``Consent``."""
        shown = {
            "purpose": self.purpose,
            "title": purpose_title(self.purpose),
            "granted": self.granted,
            "version": self.version,
            "at": clock.to_text(self.at),
        }
        return shown | ({"by_guardian": self.by} if self.by else {})


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
    birth_year: int | None = None
    guardians: tuple[str, ...] = ()
    closed: bool = False  # being erased: nobody signs in as this member any more

    def require(self, purpose: str) -> None:
        """Raise ConsentRequired unless the member agrees to the purpose."""
        consent = self.consents.get(purpose)
        if consent is None or not consent.granted:
            raise ConsentRequired(purpose=purpose)

    def group(self, now: datetime) -> str:
        """The age group of today: ``minors.CHILD``, ``TEEN`` or ``ADULT``."""
        return age_group(self.birth_year, clock.programme_day(now))

    def shown(self, now: datetime) -> dict[str, Any]:
        """The contract's ``Member``, with what is closed to a minor."""
        if self.birth_year is None:
            return self.body()
        body = self.body() | {"birth_year": self.birth_year}
        if not (group := self.group(now)):
            return body
        return body | {
            "minor": {"group": group, "closed": list(closed_to(group)), "guarded": bool(self.guardians)}
        }

    def body(self) -> dict[str, Any]:
        """The contract's ``Member``, as sign-in shows it."""
        return {
            "id": self.id,
            "nickname": self.nickname,
            "roles": list(self.roles),
            "created_at": clock.to_text(self.created_at),
        }
