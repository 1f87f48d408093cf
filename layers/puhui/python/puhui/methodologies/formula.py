"""A methodology bound to factors: one multiplication and one division of whole numbers, rounded down to
whole mg."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import gcd, prod

from puhui.methodologies import units
from puhui.methodologies.model import Factor, Methodology

RESULT = (("co2e", 1),)


@dataclass(frozen=True)
class Formula:
    """``floor(product of the inputs x numerator / denominator)`` mg; conversions of units are in the two
    constants."""

    methodology: Methodology
    factors: tuple[Factor, ...]
    numerator: int
    denominator: int
    credits_allowed: bool

    def milligrams(self, inputs: Mapping[str, int]) -> int:
        """The reduction in mg of CO2 equivalent, rounded down."""
        result = self.numerator
        for value in inputs.values():
            result *= value
        return result // self.denominator


def bind(methodology: Methodology, factors: tuple[Factor, ...]) -> Formula:
    """The formula with these factors. Raises ValueError when the units do not multiply to a mass of CO2
    equivalent."""
    terms = [each.unit for each in methodology.inputs] + [factor.unit for factor in factors]
    if (found := units.product(terms)) != RESULT:
        text = " ".join(f"{units.smallest_name(name)}^{power}" for name, power in found)
        raise ValueError(f"the terms multiply to {text or 'a bare number'}, not to a mass of CO2e")
    numerator = prod(each.unit.scale for each in methodology.inputs) * prod(
        factor.whole for factor in factors
    )
    denominator = prod(factor.unit.per for factor in factors)
    common = gcd(numerator, denominator)
    allowed = all(factor.credits_allowed for factor in factors)
    return Formula(methodology, factors, numerator // common, denominator // common, allowed)
