"""What may be captured of a member, from the member's item: for contexts that read it along with their own, in one request. Apart from
``api.py``, whose readers start without keys and ciphers.

    key = consents.key(member_id)                        # one more key of the read that is made anyway
    consents.read(item).require("photos", now)           # or ConsentRequired, GuardianRequired, MemberNotFound
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from puhui.kernel import clock
from puhui.members.errors import ConsentRequired, GuardianRequired, MemberNotFound
from puhui.members.minors import ADULT, CHILD, age_group
from puhui.store.client import Key
from puhui.store.values import Item

PHOTOS, STEPS, WHEREABOUTS, POOLING, PROFILE = "photos", "steps", "whereabouts", "pooling", "profile"
PARTNER = "partner:"  # and its id: what one data partner sends


@dataclass(frozen=True)
class Standing:
    """What a member agreed to, and whether somebody has to agree for the member."""

    consents: Mapping[str, Mapping[str, Any]]
    birth_year: int | None
    guarded: bool

    def require(self, purpose: str, now: datetime, *, minors: bool = False) -> None:
        """Raise ConsentRequired unless the member agrees to ``purpose`` ("": none is needed, as for a member's own word), and
        GuardianRequired for a child whom nobody has taken in charge. ``minors``: a programme whose members are children unless
        they declared otherwise."""
        self.require_guardian(now, minors=minors)
        if purpose and not self.consents.get(purpose, {}).get("granted"):
            raise ConsentRequired(purpose=purpose)

    def require_guardian(self, now: datetime, *, minors: bool = False) -> None:
        """Raise GuardianRequired for a child whom nobody has taken in charge."""
        group = age_group(self.birth_year, clock.programme_day(now))
        child = group == CHILD or (minors and self.birth_year is None and group == ADULT)
        if child and not self.guarded:
            raise GuardianRequired

    def since(self, purpose: str) -> date:
        """The day from which on the member agrees to the purpose without a break."""
        answer = self.consents[purpose]
        return clock.programme_day(clock.from_text(answer.get("since", answer["at"])))


def standing_from(item: Item | None) -> Standing:
    """Of the member's item. Raises MemberNotFound, also for one who is being erased."""
    if item is None or item.get("closed"):
        raise MemberNotFound
    return Standing(item.get("consents", {}), item.get("birth_year"), bool(item.get("guardians")))


@dataclass(frozen=True)
class Consents:
    """Where members' standings are."""

    table: str

    @classmethod
    def from_environment(cls) -> "Consents":
        """The table that MEMBERS_TABLE names."""
        return cls(os.environ["MEMBERS_TABLE"])

    def key(self, member_id: str) -> Key:
        """The key of the item that ``standing_from`` reads."""
        return Key(self.table, {"owner": f"member:{member_id}", "entry": "member"})
