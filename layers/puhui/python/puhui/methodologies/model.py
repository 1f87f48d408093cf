"""Factors and methodologies as published: immutable values, read from their documents.

A **factor** is a versioned record: value, unit, region, year, source, evidence mark. A **methodology** says
which inputs an act needs and how its reduction follows from them and the factors. Published versions never change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from puhui.formulas.reductions import Term
from puhui.formulas.units import Unit
from puhui.kernel.documents import Text, content_hash

# P primary text read, S secondary, D derived here, W weak, seed: the project's founding documents.
# provisional: sourced, but not yet reviewed for the use it is put to.
Mark = Literal["P", "S", "D", "W", "seed", "provisional", "unsourced"]
MARKS_WITHOUT_CREDITS = frozenset({"W", "provisional", "unsourced"})


@dataclass(frozen=True, slots=True)
class Factor:
    """One published version of one figure. ``value`` is the source's own decimal text, of ``unit``."""

    id: str
    version: str
    name: Text
    quantity: str  # what it is a figure of; formulas name it, and the profile decides which record is meant
    profiles: frozenset[str]
    value: str
    unit: Unit
    region: str
    applies_in: tuple[str, ...]
    year: int
    publisher: str
    document: str
    source_url: str
    mark: Mark
    valid_from: str

    def __hash__(self) -> int:
        return hash((self.id, self.version))

    @property
    def key(self) -> str:
        """How records refer to it: ``id@version``."""
        return f"{self.id}@{self.version}"

    def term(self, name: str) -> Term:
        """The factor under the name that a formula gives it."""
        return Term(name, self.value, self.unit)

    @property
    def is_nothing(self) -> bool:
        """Whether its value is zero, as that of a ride that emits nothing: nothing can be divided by it."""
        return not self.value.strip("0.")

    @property
    def credits_allowed(self) -> bool:
        """Whether credits may be issued from it; from weak, provisional and unsourced figures only points may."""
        return self.mark not in MARKS_WITHOUT_CREDITS


@dataclass(frozen=True, slots=True)
class Input:
    """A quantity that the act's record must hold: an integer of ``unit`` within bounds (0 when it is optional and left
    out), or, where there are ``choices``, one of these words."""

    name: str
    label: Text
    unit: Unit | None = None
    least: int = 0
    most: int = 0
    optional: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """What is plausible of an act that a member tells of: ``quantity`` is at least ``least`` and at most ``most``, each
    None where there is no such limit. With ``per`` these hold for every ``each`` of that quantity; with ``when`` (an input's
    name and some of its choices) for these alone. A quantity that is 0 or was left out says nothing."""

    quantity: str
    why: Text
    least: int | None = None
    most: int | None = None
    per: str = ""
    each: int = 1
    when: tuple[str, frozenset[str]] | None = None

    def limits(self, inputs: Mapping[str, Any]) -> tuple[int, int | None]:
        """The least and the most beside these inputs, rounded to the quantity's whole units in the member's favour."""
        times = inputs[self.per] if self.per else 1
        least = 0 if self.least is None else self.least * times // self.each
        return least, None if self.most is None else -(-self.most * times // self.each)

    def applies(self, inputs: Mapping[str, Any]) -> bool:
        """Whether it says anything of these inputs."""
        if not inputs[self.quantity]:
            return False
        return self.when is None or inputs[self.when[0]] in self.when[1]


@dataclass(frozen=True, slots=True)
class FactorUse:
    """A factor under the name that the formula gives it: one quantity, or one for each choice of the input ``by``."""

    name: str
    quantities: Mapping[str, str]  # by choice; a single one stands under ""
    by: str = ""

    def quantity(self, inputs: Mapping[str, Any]) -> str:
        """Which quantity is meant for an act with these inputs."""
        return self.quantities[inputs[self.by] if self.by else ""]


@dataclass(frozen=True, eq=False)
class Methodology:
    """One published version. ``lines`` are its formulas by name (``puhui.formulas.reductions``); ``discount`` is taken off
    for uncertainty; ``cap_mg`` is the most that one act can avoid; ``evidence`` says what may show it."""

    id: str
    version: str
    name: Text
    act: Text  # a sentence's beginning, with {input} for each input that it shows
    inputs: tuple[Input, ...]
    factors: tuple[FactorUse, ...]
    lines: tuple[tuple[str, str], ...]
    discount: str
    formula: str
    cap_mg: int | None
    evidence: tuple[str, ...]
    document: Mapping[str, Any] = field(repr=False)
    bounds: tuple[Bound, ...] = ()

    @property
    def key(self) -> str:
        """How records refer to it: ``id@version``."""
        return f"{self.id}@{self.version}"

    @cached_property
    def numbers(self) -> tuple[tuple[str, Unit], ...]:
        """The inputs that are numbers, with their units, in order."""
        return tuple((each.name, each.unit) for each in self.inputs if each.unit)

    @cached_property
    def factor_quantities(self) -> tuple[str, ...]:
        """Every quantity that the formula can draw on."""
        found = (quantity for use in self.factors for quantity in use.quantities.values())
        return tuple(dict.fromkeys(found))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the document's canonical form."""
        return content_hash(self.document)


class PointsRate(Protocol):
    """The part of a points rule that conversion needs."""

    @property
    def mg_per_point(self) -> int: ...


class Limits(Protocol):
    """A behaviour's caps."""

    @property
    def per_act_mg(self) -> int | None: ...
    @property
    def per_day_mg(self) -> int | None: ...
    @property
    def per_day_acts(self) -> int | None: ...
    @property
    def per_day_quantity(self) -> int | None: ...
    def listed(self, measure: str) -> tuple[tuple[str, str, int], ...]: ...


class Programme(Protocol):
    """What quantification needs to know of a programme (``puhui.programmes`` has the whole)."""

    @property
    def factor_profile(self) -> str: ...
    @property
    def jurisdiction(self) -> str: ...
    @property
    def unit_name(self) -> Text: ...
    @property
    def points(self) -> PointsRate | None: ...
    @property
    def self_declared_per_day_mg(self) -> int: ...


class Behaviour(Protocol):
    """What quantification needs to know of a behaviour."""

    @property
    def methodology_id(self) -> str: ...
    @property
    def methodology_version(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def evidence(self) -> Mapping[str, Any]: ...
    def gives(self, grade: str) -> str: ...
    @property
    def measure(self) -> str: ...
    @property
    def bounds(self) -> Mapping[str, tuple[int, int]]: ...
    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def caps(self) -> Limits: ...
