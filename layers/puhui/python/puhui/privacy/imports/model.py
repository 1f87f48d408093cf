"""A history from another deployment as values: what its log proves of one account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids

IMPORTED = "imported"


@dataclass(frozen=True)
class Sums:
    """What one programme's proved transfers gave: grams avoided (mg), and points earned."""

    credits_mg: int = 0
    points: int = 0


@dataclass(frozen=True)
class Act:
    """An act as it was there. ``proved``: the log's receipt shows the transfer that credited it; only then it has a number."""

    id: str
    programme_id: str
    behaviour: str
    occurred_at: str
    quantity: Mapping[str, Any] = field(default_factory=dict)
    credits_mg: int = 0
    points: int = 0
    proved: bool = False
    status: str = IMPORTED

    def body(self) -> dict[str, Any]:
        """The contract's ``ImportedActivity``."""
        return {
            "id": self.id,
            "programme_id": self.programme_id,
            "behaviour": self.behaviour,
            "status": self.status,
            "occurred_at": self.occurred_at,
            "quantity": dict(self.quantity),
            "credits_mg": self.credits_mg,
            "points": self.points,
            "proved": self.proved,
        }


@dataclass(frozen=True)
class History:
    """What an export proves. ``log``: the origin of the other deployment's log; ``account``: the member's id there."""

    log: str
    account: str
    manifest_sha256: str
    entries: int
    sums: Mapping[str, Sums]
    acts: tuple[Act, ...]

    @property
    def source_id(self) -> str:
        """Names the account there."""
        return source_id(self.log, self.account)


@dataclass(frozen=True)
class Import:
    """A history beside an account here. It gives no credits and no points: they are counted where they were given."""

    member_id: str
    source_id: str
    log: str
    manifest_sha256: str
    entries: int
    acts: int
    sums: Mapping[str, Sums]
    imported_at: datetime

    def body(self) -> dict[str, Any]:
        """The contract's ``Import``."""
        return {
            "id": self.source_id,
            "status": IMPORTED,
            "log": self.log,
            "imported_at": clock.to_text(self.imported_at),
            "proved_entries": self.entries,
            "activities": self.acts,
            "sums": [
                {"programme_id": programme_id, "credits_mg": sums.credits_mg, "points": sums.points}
                for programme_id, sums in sorted(self.sums.items())
            ],
        }


def source_id(log: str, account: str) -> str:
    """The id that an account of a log always has."""
    return ids.key_id("import", log, account)
