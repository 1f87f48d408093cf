"""A methodology bound to factors: exact arithmetic in whole numbers, rounded down once to whole mg."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from puhui.formulas.reductions import Reduction
from puhui.methodologies.model import Factor, Methodology


@dataclass(frozen=True)
class Formula:
    """A version with its factors, in the order of its ``factors``, and the arithmetic that follows from both."""

    methodology: Methodology
    factors: tuple[Factor, ...]
    reduction: Reduction
    credits_allowed: bool

    def milligrams(self, inputs: Mapping[str, Any]) -> int:
        """The reduction in mg of CO2 equivalent, rounded down."""
        return self.reduction.milligrams([inputs[name] for name, _ in self.methodology.numbers])


def bind(methodology: Methodology, factors: tuple[Factor, ...]) -> Formula:
    """The formula with these factors, one for each that the methodology names, in that order."""
    terms = tuple(factor.term(use.name) for use, factor in zip(methodology.factors, factors, strict=True))
    reduction = Reduction(
        methodology.numbers, terms, methodology.lines, methodology.discount, methodology.cap_mg
    )
    return Formula(methodology, factors, reduction, all(factor.credits_allowed for factor in factors))
