"""How much an act avoids: checked inputs, exact whole-number arithmetic, rounded down; and what caps leave
of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from puhui.methodologies import errors, registry
from puhui.methodologies.formula import Formula
from puhui.methodologies.model import Behaviour, Bound, Input, Limits, Methodology, Programme

Cap = tuple[str, str, int]  # per "act" or "day"; "mg", "acts" or a quantity's name; the limit


@dataclass(frozen=True, slots=True)
class Quantification:
    """One act, quantified before caps. ``reduction_mg`` is what it avoids; credits only where the factors
    allow them."""

    formula: Formula
    profile: str
    inputs: Mapping[str, Any]
    reduction_mg: int
    caps: tuple[Cap, ...]

    @property
    def methodology(self) -> Methodology:
        """The methodology, with its ``id``, ``version`` and ``hash``."""
        return self.formula.methodology

    @property
    def credits_allowed(self) -> bool:
        """False when a factor is weak or unsourced: the act gives points only."""
        return self.formula.credits_allowed

    @property
    def credits_mg(self) -> int:
        """The credits of the act before caps, in mg of CO2 equivalent."""
        return self.reduction_mg if self.formula.credits_allowed else 0

    @property
    def factors(self) -> tuple[tuple[str, str], ...]:
        """The factors used, as (id, version)."""
        return tuple((factor.id, factor.version) for factor in self.formula.factors)

    def record(self) -> dict[str, Any]:
        """What to keep with the act so that it can be explained for ever: names and numbers, under 300
        bytes of JSON."""
        return {
            "methodology": self.methodology.key,
            "factors": [factor.key for factor in self.formula.factors],
            "profile": self.profile,
            "inputs": dict(self.inputs),
            "reduction_mg": self.reduction_mg,
            "caps": {f"{per}:{measure}": limit for per, measure, limit in self.caps},
        }


def quantify(
    programme: Programme,
    behaviour: Behaviour,
    quantity: Mapping[str, Any],
    occurred_on: date,
    region: str | None = None,
) -> Quantification:
    """What the act avoids, by the factors of the programme's profile for ``region`` (or the programme's
    own) on that day.

    Pure. Raises QuantityInvalid and QuantityImplausible naming the field, FactorUnavailable, MethodologyNotFound,
    MethodologyWithdrawn.
    """
    chosen = registry.for_new_acts(behaviour.methodology_id, behaviour.methodology_version)
    found = quantify_by(chosen, programme, behaviour, quantity, occurred_on, region)
    for bound in chosen.bounds:
        _require_plausible(bound, found.inputs)
    return found


def _require_plausible(bound: Bound, inputs: Mapping[str, Any]) -> None:
    if not bound.applies(inputs):
        return
    least, most = bound.limits(inputs)
    if inputs[bound.quantity] < least:
        raise errors.implausible(bound.quantity, least, bound.why, above=False)
    if most is not None and inputs[bound.quantity] > most:
        raise errors.implausible(bound.quantity, most, bound.why, above=True)


def quantify_by(
    chosen: Methodology,
    programme: Programme,
    behaviour: Behaviour,
    quantity: Mapping[str, Any],
    occurred_on: date,
    region: str | None = None,
) -> Quantification:
    """The same by a methodology at hand, published or not, and without asking what is plausible: so acts of the past are
    computed again whatever was bounded since. Raises QuantityInvalid, FactorUnavailable."""
    inputs = _checked(chosen, behaviour, quantity)
    formula = registry.formula(
        chosen,
        programme.factor_profile,
        region or programme.jurisdiction,
        occurred_on.isoformat(),
        inputs,
    )
    caps = behaviour.caps.listed(behaviour.measure)
    return Quantification(formula, programme.factor_profile, inputs, formula.milligrams(inputs), caps)


def of_record(record: Mapping[str, Any]) -> Quantification:
    """The quantification that a record was kept of. Raises ValueError when its number does not follow from
    it."""
    formula = registry.formula_of_record(record["methodology"], tuple(record["factors"]))
    inputs = {each.name: record["inputs"][each.name] for each in formula.methodology.inputs}
    if formula.milligrams(inputs) != record["reduction_mg"]:
        raise ValueError("the record's number does not follow from its published versions")
    caps = tuple((*name.split(":"), limit) for name, limit in record["caps"].items())
    return Quantification(formula, record["profile"], inputs, record["reduction_mg"], caps)


def _checked(methodology: Methodology, behaviour: Behaviour, quantity: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs in the formula's order. The programme's bounds and choices can narrow the methodology's, never widen
    them."""
    inputs = {each.name: _value(each, behaviour, quantity) for each in methodology.inputs}
    if unknown := [name for name in quantity if name not in inputs]:
        raise errors.unknown(unknown[0], ", ".join(inputs))
    return inputs


def _value(each: Input, behaviour: Behaviour, quantity: Mapping[str, Any]) -> Any:
    """One input's value, 0 for an optional one that was left out."""
    if each.name not in quantity:
        if each.optional:
            return 0
        raise errors.missing(each.name)
    value = quantity[each.name]
    if each.choices:
        allowed = [word for word in each.choices if word in behaviour.choices.get(each.name, each.choices)]
        if value not in allowed:
            raise errors.no_choice(each.name, ", ".join(allowed))
        return value
    if type(value) is not int:
        raise errors.no_integer(each.name)
    least, most = each.least, each.most
    if each.name in behaviour.bounds:
        narrower = behaviour.bounds[each.name]
        least, most = max(least, narrower[0]), min(most, narrower[1])
    if not least <= value <= most:
        raise errors.out_of_bounds(each.name, least, most)
    return value


class Used(NamedTuple):
    """What a member has already had of one behaviour in one programme today: mg, acts, and the measured
    quantity."""

    mg: int = 0
    acts: int = 0
    quantity: int = 0


class Allowed(NamedTuple):
    """What caps leave of an act: ``mg``, and the cap that took something away (None: all of it counts)."""

    mg: int
    cap: str | None


NOTHING_USED = Used()


def apply_caps(mg: int, quantity: int, caps: Limits, used: Used = NOTHING_USED) -> Allowed:
    """What counts of an act of ``mg`` and ``quantity`` (of the behaviour's measure) after what was ``used``
    today.

    Caps on acts and quantities take an act whole or not at all; caps on mass cut it off at what is left.
    """
    if caps.per_day_acts is not None and used.acts + 1 > caps.per_day_acts:
        return Allowed(0, "per_day_acts")
    if caps.per_day_quantity is not None and used.quantity + quantity > caps.per_day_quantity:
        return Allowed(0, "per_day_quantity")
    allowed = Allowed(mg, None)
    if caps.per_act_mg is not None and allowed.mg > caps.per_act_mg:
        allowed = Allowed(caps.per_act_mg, "per_act_mg")
    if caps.per_day_mg is not None and used.mg + allowed.mg > caps.per_day_mg:
        allowed = Allowed(max(0, caps.per_day_mg - used.mg), "per_day_mg")
    return allowed
