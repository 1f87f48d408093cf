"""Factors and methodologies as published: immutable values, read from their documents.

A **factor** is a versioned record: value, unit, region, year, source, evidence mark. A **methodology** says
which inputs an act needs and which product of inputs and factors is its reduction. Published versions never
change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from puhui.kernel.documents import Text, content_hash
from puhui.methodologies.units import Unit

# P primary text read, S secondary, D derived here, W weak, seed: the project's founding documents.
Mark = Literal["P", "S", "D", "W", "seed", "unsourced"]
MARKS_WITHOUT_CREDITS = frozenset({"W", "unsourced"})


@dataclass(frozen=True, slots=True)
class Factor:
    """One published version of one figure. ``value`` is the source's decimal, ``whole`` the same in
    smallest units."""

    id: str
    version: str
    name: Text
    quantity: str  # what it is a figure of; formulas name it, and the profile decides which record is meant
    profiles: frozenset[str]
    value: str
    unit: Unit
    whole: int
    region: str
    applies_in: tuple[str, ...]
    year: int
    publisher: str
    document: str
    source_url: str
    mark: Mark
    valid_from: str

    @property
    def key(self) -> str:
        """How records refer to it: ``id@version``."""
        return f"{self.id}@{self.version}"

    @property
    def credits_allowed(self) -> bool:
        """Whether credits may be issued from it; from weak and unsourced figures only points may."""
        return self.mark not in MARKS_WITHOUT_CREDITS


@dataclass(frozen=True, slots=True)
class Input:
    """A quantity that the act's record must hold: an integer of ``unit`` within bounds."""

    name: str
    unit: Unit
    least: int
    most: int
    label: Text


@dataclass(frozen=True)
class Methodology:
    """One published version. ``terms`` are multiplied: names of inputs, and names of factors' quantities."""

    id: str
    version: str
    name: Text
    act: Text  # a sentence's beginning, with {input} for each input that it shows
    inputs: tuple[Input, ...]
    factor_quantities: tuple[str, ...]
    formula: str
    document: Mapping[str, Any] = field(repr=False)

    @property
    def key(self) -> str:
        """How records refer to it: ``id@version``."""
        return f"{self.id}@{self.version}"

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


class Behaviour(Protocol):
    """What quantification needs to know of a behaviour."""

    @property
    def methodology_id(self) -> str: ...
    @property
    def methodology_version(self) -> str: ...
    @property
    def measure(self) -> str: ...
    @property
    def bounds(self) -> Mapping[str, tuple[int, int]]: ...
    @property
    def caps(self) -> Limits: ...
