"""What an act avoids: baseline minus project, less an uncertainty discount, never below zero, rounded down to whole mg.

    reduction = floor(max(0, baseline - project) * (1 - discount)), at most cap_mg where there is one

``lines`` are formulas with names, each over the inputs, the factors and the lines before it; the last ones are ``baseline``
and, where the act itself emits something, ``project``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from puhui.formulas import expressions
from puhui.formulas.expressions import Dimensions, FormulaError, Node, Ratio, Value
from puhui.formulas.units import Unit, decimal_of, unit

BASELINE, PROJECT = "baseline", "project"
MASS_OF_CO2E: Dimensions = (("co2e", 1),)
COST_MAX = 240


@dataclass(frozen=True, slots=True)
class Term:
    """A factor with its value as the source gives it."""

    name: str
    value: str
    unit: Unit

    @property
    def ratio(self) -> Ratio:
        """Its value in smallest units. Raises ValueError for what is no plain decimal."""
        value, of = decimal_of(self.value)
        return value * self.unit.scale, of * self.unit.per


@dataclass(frozen=True)
class Reduction:
    """A methodology's arithmetic, bound to its factors. ``inputs`` are names with units, in order."""

    inputs: tuple[tuple[str, Unit], ...]
    terms: tuple[Term, ...]
    lines: tuple[tuple[str, str], ...]
    discount: str = "0"
    cap_mg: int | None = None

    @cached_property
    def values(self) -> dict[str, Value]:
        """Every name of the formulas as a function of the inputs. Raises FormulaError."""
        of: dict[str, Value] = {
            name: expressions.scaled(position, each.scale, each.per)
            for position, (name, each) in enumerate(self.inputs)
        }
        of |= {term.name: expressions.constant(term.ratio) for term in self.terms}
        costs: dict[str, int] = {}
        for name, text in self.lines:
            node = expressions.parse(text)
            costs[name] = _affordable(node, costs)
            of[name] = expressions.compiled(node, of)
        return of

    @cached_property
    def _whole(self) -> tuple[Value, Value | None, int, int]:
        kept, of = expressions.ratio_of(self.discount)
        return self.values[BASELINE], self.values.get(PROJECT), of - kept, of

    def milligrams(self, inputs: Sequence[int]) -> int:
        """The reduction in whole mg of CO2 equivalent, never below zero, for the inputs in their order."""
        baseline, project, kept, of = self._whole
        above, below = baseline(inputs)
        if project:
            minus, per = project(inputs)
            above, below = above * per - minus * below, below * per
        reduction = above * kept // (below * of) if above > 0 else 0
        return reduction if self.cap_mg is None else min(reduction, self.cap_mg)

    def divides_by(self, name: str) -> bool:
        """Whether the name, or a line that has it, is below a division line."""
        concerned, below = {name}, False
        for line, text in self.lines:
            node = expressions.parse(text)
            below = below or any(concerned & expressions.names(each) for each in expressions.divisors(node))
            if concerned & expressions.names(node):
                concerned.add(line)
        return below

    def line(self, name: str, inputs: Sequence[int]) -> Ratio:
        """The exact value of one line, in smallest units."""
        return self.values[name](inputs)


def check(
    inputs: Sequence[tuple[str, Unit, int]],
    factors: Mapping[str, Unit],
    lines: Sequence[tuple[str, str]],
    discount: str,
    zeros: frozenset[str] = frozenset(),
) -> None:
    """Raise FormulaError, its ``args[0]`` the line's name and ``args[1]`` what is wrong with it, unless the lines are a
    methodology's arithmetic. ``inputs``: name, unit, least value; ``zeros``: the factors that can be zero."""
    of: dict[str, Dimensions] = {name: each.dimensions for name, each, _ in inputs}
    of |= {name: each.dimensions for name, each in factors.items()}
    positive = (frozenset(factors) - zeros) | {name for name, _, least in inputs if least > 0}
    used: set[str] = set()
    costs: dict[str, int] = {}
    for name, text in lines:
        if name in of:
            raise FormulaError(name, "this name is taken")
        try:
            node = expressions.parse(text)
            of[name] = expressions.dimensions(node, of)
            costs[name] = _affordable(node, costs)
            _check_divisors(node, positive)
        except FormulaError as error:
            raise FormulaError(name, str(error)) from None
        used |= expressions.names(node)
        if expressions.is_positive(node, positive):
            positive |= {name}
    for name in (BASELINE, PROJECT):
        if of.get(name, MASS_OF_CO2E) != MASS_OF_CO2E:
            raise FormulaError(name, f"measures {expressions.shown(of[name])}, not a mass of CO2e")
    if BASELINE not in of:
        raise FormulaError(BASELINE, "is missing")
    if idle := sorted(({*of} - used) - {BASELINE, PROJECT}):
        raise FormulaError(idle[0], "is used nowhere")
    kept, whole = expressions.ratio_of(discount)
    if not 0 <= kept < whole:
        raise FormulaError("discount", "is at least 0 and below 1")


def _affordable(node: Node, costs: Mapping[str, int]) -> int:
    """Its cost. Raises FormulaError for one that would take for ever, or numbers without end."""
    cost = expressions.cost(node, costs)
    if cost > COST_MAX:
        raise FormulaError(f"takes more than {COST_MAX} steps with the lines that it needs")
    return cost


def _check_divisors(node: Node, positive: frozenset[str]) -> None:
    for divisor in expressions.divisors(node):
        if not expressions.is_positive(divisor, positive):
            raise FormulaError("what is divided by must be above zero whatever the inputs")


def term(name: str, value: str, of: str) -> Term:
    """A factor from texts. Raises ValueError."""
    made = Term(name, value, unit(of))
    _ = made.ratio
    return made
