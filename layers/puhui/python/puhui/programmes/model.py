"""A programme as published: immutable values read from its document, and the rules that need nothing else.

Mass in mg of CO2 equivalent; a quantity is an integer in the unit that its name ends in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from puhui.kernel import clock
from puhui.kernel.documents import Text
from puhui.kernel.grades import CREDITS, PHOTO, VERIFIED
from puhui.programmes.errors import ProgrammeClosed

PHOTOS_MAX = 3
HOLD_DAYS = 3
SELF_DECLARED_PER_DAY_MG = (
    20_000  # 20 points in every programme of the layer: worth a click, not worth farming
)


@dataclass(frozen=True, slots=True)
class PointsRule:
    """One point for each whole ``mg_per_point``; points can be spent for ``valid_months`` months (None: for
    ever)."""

    mg_per_point: int
    valid_months: int | None


@dataclass(frozen=True, slots=True)
class Span:
    """A time to wait: ``hours``, or ``days``: until that many days later the programme's day begins in China."""

    hours: int | None = None
    days: int | None = None

    def after(self, at: datetime) -> datetime:
        """The moment at which the wait that starts ``at`` is over."""
        if self.days is not None:
            return clock.day_start(clock.programme_day(at) + timedelta(days=self.days))
        return at + timedelta(hours=self.hours or 0)

    @property
    def as_hours(self) -> int:
        """Its length in hours; a wait of days can be up to a day shorter."""
        return self.days * 24 if self.days is not None else self.hours or 0


@dataclass(frozen=True, slots=True)
class FriendsRule:
    """What friends may take of an act that waits to be collected: points, out of what its owner would have got.

    One friend takes at most ``share_max_percent`` of an act and ``per_act_max_mg`` of it, and ``per_day_max_mg`` of
    all acts in one programme's day; whatever friends come, its owner keeps ``owner_keeps_min_percent``. For the first
    ``grace_minutes`` only the owner may collect.
    """

    share_max_percent: int
    per_act_max_mg: int
    per_day_max_mg: int
    owner_keeps_min_percent: int
    grace_minutes: int


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """How an act becomes a member's; it may be at most ``window_days`` old.

    ``automatic``: at once. ``collect``: it matures ``matures_after`` it happened, then waits ``collect_within`` for its
    owner (or, where ``friends`` says so, partly for friends), then expires.
    """

    rule: Literal["automatic", "collect"]
    window_days: int
    matures_after: Span | None = None
    collect_within: Span | None = None
    friends: FriendsRule | None = None

    def times(self, occurred_at: datetime, ready_at: datetime | None = None) -> tuple[datetime, datetime]:
        """From when and until when an act can be collected. ``ready_at``: it was verified then, and matures no sooner.

        Raises ValueError for a rule that collects nothing.
        """
        if self.matures_after is None or self.collect_within is None:
            raise ValueError(f"a claim rule {self.rule} has no times")
        matured_at = self.matures_after.after(occurred_at)
        if ready_at is not None and ready_at > matured_at:
            matured_at = ready_at
        return matured_at, self.collect_within.after(matured_at)


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that counts, each None where there is no cap. ``quantity`` is the behaviour's ``measure``; a household
    is the people who live together, or the member alone."""

    per_act_mg: int | None = None
    per_day_mg: int | None = None
    per_day_acts: int | None = None
    per_day_quantity: int | None = None
    per_household_day_mg: int | None = None
    per_household_day_acts: int | None = None

    @property
    def of_households(self) -> bool:
        """Whether a cap counts what a whole household did."""
        return self.per_household_day_mg is not None or self.per_household_day_acts is not None

    def listed(self, measure: str) -> tuple[tuple[str, str, int], ...]:
        """The caps there are as (per, measure, limit): per "act", "day" or "household_day"; "mg", "acts" or the
        quantity's name."""
        limits = (
            ("act", "mg", self.per_act_mg),
            ("day", "mg", self.per_day_mg),
            ("day", "acts", self.per_day_acts),
            ("day", measure, self.per_day_quantity),
            ("household_day", "mg", self.per_household_day_mg),
            ("household_day", "acts", self.per_household_day_acts),
        )
        return tuple((per, what, limit) for per, what, limit in limits if limit is not None)


@dataclass(frozen=True, slots=True)
class Duration:
    """An act usually takes ``minutes`` for every ``per`` of its ``quantity``, rounded up to whole minutes, and ``least``
    (minutes, per) at least: the fastest that is plausible. Where no least is given the usual time counts as the least."""

    quantity: str
    minutes: int
    per: int
    least: tuple[int, int] | None = None

    def of(self, quantity: Mapping[str, Any]) -> int:
        """How many minutes this much usually takes."""
        return -(-int(quantity[self.quantity]) * self.minutes // self.per)

    def least_of(self, quantity: Mapping[str, Any]) -> int:
        """How many whole minutes this much takes at least, not less than one."""
        return max(1, self.least_time(quantity) // timedelta(minutes=1))

    def least_time(self, quantity: Mapping[str, Any]) -> timedelta:
        """The time that this much takes at least."""
        least_minutes, per = self.least or (self.minutes, self.per)
        return timedelta(seconds=int(quantity[self.quantity]) * least_minutes * 60 // per)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A grade of evidence that a behaviour accepts (``kernel.grades``): what it gives (credits, points, record), and of photos how many
    in a hundred a person sees, drawn by chance."""

    gives: str
    reviewed_percent: int = 0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A green act that a programme counts, by one version of one methodology.

    ``evidence`` has what it accepts, by grade. ``bounds`` are the smallest and the largest value of each quantity, ``choices`` the words that one is chosen from;
    ``optional`` ones may be left out. ``measure`` is the quantity that caps count.
    """

    id: str
    methodology_id: str
    methodology_version: str
    name: Text
    evidence: Mapping[str, Accepted]
    measure: str
    bounds: Mapping[str, tuple[int, int]]
    caps: Caps
    caps_note: Text | None = None
    occupies: Duration | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    @property
    def takes_photos(self) -> bool:
        """Whether an act may come with photos."""
        return PHOTO in self.evidence or VERIFIED in self.evidence

    def gives(self, grade: str) -> str:
        """What an act shown so gives: credits, points or record; "" when the behaviour does not accept it."""
        return self.evidence[grade].gives if grade in self.evidence else ""

    @property
    def best_grades(self) -> tuple[str, ...]:
        """The grades that give credits here, in the document's order; all that are accepted where none does."""
        giving = tuple(grade for grade, accepted in self.evidence.items() if accepted.gives == CREDITS)
        return giving or tuple(self.evidence)

    @property
    def quantity_schema(self) -> dict[str, Any]:
        """The JSON Schema of ``quantity``, for clients."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [name for name in (*self.bounds, *self.choices) if name not in self.optional],
            "properties": {
                name: {"type": "integer", "minimum": least, "maximum": most}
                for name, (least, most) in self.bounds.items()
            }
            | {name: {"type": "string", "enum": list(words)} for name, words in self.choices.items()},
        }


@dataclass(frozen=True, slots=True)
class CouponRule:
    """What a programme says of coupons: whether a member may hand one on to a friend, and whether the points of one that
    nobody used by its end come back."""

    transfer: bool = False
    returns_points: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What members accept when they join: which version of it is on record with each of them."""

    version: str
    text: Text


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme. ``points`` is None where acts give credits only; a gate that is not named is closed. ``reward_kinds`` are
    the kinds of rewards it has. From ``closes_at`` on it counts no new acts. Of the acts that nothing but the member's word
    shows, at most ``self_declared_per_day_mg`` count a day, all behaviours together. Acts at some risk are settled ``hold_days``
    later. ``minors``: a school's, whose members are children unless they declared otherwise. Records that data partners send to a
    ``sandbox`` are checked and answered, and never credited."""

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
    terms: Terms
    reward_kinds: tuple[str, ...]
    coupons: CouponRule = CouponRule()
    self_declared_per_day_mg: int = SELF_DECLARED_PER_DAY_MG
    sandbox: bool = False
    minors: bool = False
    hold_days: int = HOLD_DAYS
    closes_at: datetime | None = None
    closed_because: str = ""

    def require_open(self, now: datetime) -> None:
        """Raise ProgrammeClosed once the programme has ended: what was recorded before goes on as it would have."""
        if self.closes_at is not None and now >= self.closes_at:
            raise ProgrammeClosed(at=clock.to_text(self.closes_at))
