"""A programme as published: immutable values read from its document, and the rules that need nothing else.

Mass in mg of CO2 equivalent; a quantity is an integer in the unit that its name ends in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from puhui.kernel.documents import Text

Evidence = Literal["none", "photo", "steps"]
PHOTOS_MAX = 3


@dataclass(frozen=True, slots=True)
class PointsRule:
    """One point for each whole ``mg_per_point``; points can be spent for ``valid_months`` months (None: for
    ever)."""

    mg_per_point: int
    valid_months: int | None


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """How an act becomes a member's: ``automatic`` at once; it may be at most ``window_days`` old."""

    rule: Literal["automatic"]
    window_days: int


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that counts, each None where there is no cap. ``quantity`` is the behaviour's ``measure``."""

    per_act_mg: int | None = None
    per_day_mg: int | None = None
    per_day_acts: int | None = None
    per_day_quantity: int | None = None

    def listed(self, measure: str) -> tuple[tuple[str, str, int], ...]:
        """The caps there are as (per, measure, limit): per "act" or "day"; "mg", "acts" or the quantity's
        name."""
        limits = (
            ("act", "mg", self.per_act_mg),
            ("day", "mg", self.per_day_mg),
            ("day", "acts", self.per_day_acts),
            ("day", measure, self.per_day_quantity),
        )
        return tuple((per, what, limit) for per, what, limit in limits if limit is not None)


@dataclass(frozen=True, slots=True)
class Duration:
    """An act takes ``minutes`` for every ``per`` of its ``quantity``, rounded up to whole minutes."""

    quantity: str
    minutes: int
    per: int

    def of(self, quantity: Mapping[str, Any]) -> int:
        """How many minutes this much takes."""
        return -(-int(quantity[self.quantity]) * self.minutes // self.per)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A green act that a programme counts, by one version of one methodology.

    ``bounds`` are the smallest and the largest value of each quantity; ``measure`` is the quantity that
    caps count.
    """

    id: str
    methodology_id: str
    methodology_version: str
    name: Text
    evidence: Evidence
    measure: str
    bounds: Mapping[str, tuple[int, int]]
    caps: Caps
    caps_note: Text | None = None
    occupies: Duration | None = None

    def interval(
        self, quantity: Mapping[str, Any], occurred_at: datetime
    ) -> tuple[datetime, datetime] | None:
        """The half-open time that the act takes, from ``occurred_at`` on; None when it takes none of its own.

        Two acts of one member may not overlap in time.
        """
        if self.occupies is None:
            return None
        return occurred_at, occurred_at + timedelta(minutes=self.occupies.of(quantity))

    @property
    def quantity_schema(self) -> dict[str, Any]:
        """The JSON Schema of ``quantity``, for clients."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": list(self.bounds),
            "properties": {
                name: {"type": "integer", "minimum": least, "maximum": most}
                for name, (least, most) in self.bounds.items()
            },
        }


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme. ``points`` is None where acts give credits only; a gate that is not named is closed."""

    id: str
    version: str
    name: Text
    description: Text
    operator: Text
    jurisdiction: str
    unit_name: Text
    factor_profile: str
    points: PointsRule | None
    claim: ClaimRule
    gates: Mapping[str, bool]
    behaviours: Mapping[str, Behaviour]

    @property
    def claim_window_days(self) -> int:
        """How many days old an act may be when it is claimed."""
        return self.claim.window_days
