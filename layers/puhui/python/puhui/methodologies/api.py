"""What other contexts may ask of methodologies. Everything is pure and cheap: published versions are read
once."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from puhui.kernel.errors import DomainError
from puhui.kernel.grades import CREDITS, making_credits
from puhui.methodologies import explanation, registry
from puhui.methodologies.errors import (
    BehaviourNotCountable,
    FactorUnavailable,
    MethodologyNotFound,
    QuantityImplausible,
    QuantityInvalid,
)
from puhui.methodologies.forms import labelled
from puhui.methodologies.model import Behaviour, Factor, Methodology, PointsRate, Programme
from puhui.methodologies.quantification import (
    Allowed,
    Quantification,
    Used,
    apply_caps,
    of_record,
    quantify,
    quantify_by,
)
from puhui.methodologies.repository import Publication, publication_in

__all__ = [
    "Allowed",
    "Factor",
    "FactorUnavailable",
    "Methodology",
    "MethodologyNotFound",
    "Programme",
    "Publication",
    "Quantification",
    "QuantityImplausible",
    "QuantityInvalid",
    "Used",
    "apply_caps",
    "ask_again",
    "corrected",
    "explain",
    "explain_record",
    "factor",
    "labelled",
    "methodology_of",
    "points_for",
    "publication_in",
    "published",
    "quantify",
    "quantify_by",
    "require_countable",
]


def ask_again() -> None:
    """Before something is decided for good: what was published or withdrawn a moment ago is known."""
    registry.ask_again()


def published(methodology_id: str, version: str) -> Methodology:
    """A published version. Raises MethodologyNotFound."""
    return registry.methodology(methodology_id, version)


def methodology_of(document: dict[str, Any]) -> Methodology:
    """The methodology of a document that was checked before it was stored."""
    return registry.methodology_from(document)


def factor(key: str) -> Factor | None:
    """A published factor record by its key ``id@version``, of the layer or filed since."""
    return registry.factor_of(key)


def corrected(record: Mapping[str, Any], factor: str, replacement: str) -> dict[str, Any]:
    """The record as it would be had the one factor (``id@version``) been the other."""
    factors = [replacement if key == factor else key for key in record["factors"]]
    formula = registry.formula_of_record(record["methodology"], tuple(factors))
    inputs = {each.name: record["inputs"].get(each.name, 0) for each in formula.methodology.inputs}
    return {**record, "factors": factors, "reduction_mg": formula.milligrams(inputs)}


def require_countable(programme: Programme, behaviour: Behaviour, day: date) -> None:
    """Raise BehaviourNotCountable unless the behaviour's methodology is published, makes credits by each grade that the programme
    gives them for, and has the factors that the programme's profile needs."""
    most: dict[str, Any] = {name: limits[1] for name, limits in behaviour.bounds.items()}
    quantity = most | {name: words[0] for name, words in behaviour.choices.items()}
    try:
        chosen = registry.for_new_acts(behaviour.methodology_id, behaviour.methodology_version)
        accepted = quantify_by(chosen, programme, behaviour, quantity, day).methodology.evidence
    except DomainError as error:
        raise BehaviourNotCountable(
            behaviour=behaviour.id, why_zh=error.text("zh-CN"), why_en=error.text("en")
        ) from None
    makes_credits = making_credits(accepted)
    for grade in behaviour.evidence:
        if behaviour.gives(grade) == CREDITS and grade not in makes_credits:
            known = ", ".join(sorted(makes_credits)) or "-"
            raise BehaviourNotCountable(
                behaviour=behaviour.id,
                why_zh=f"凭证等级 {grade} 不能产生减排量；方法学认可的是 {known}。",
                why_en=f"{grade} makes no credits: its methodology takes {known}.",
            )


def points_for(rule: PointsRate | None, mg: int) -> int:
    """The whole points that ``mg`` gives, rounded down; none where the programme has no points rule."""
    return mg // rule.mg_per_point if rule else 0


def explain(
    quantification: Quantification,
    programme: Programme,
    credits_mg: int,
    points: int,
    counted_mg: int | None = None,
    shown: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The contract's Explanation (without ``activity_id``) of an act that gave this much after caps; ``counted_mg``: what
    counted for points, where it made no credits; ``shown``: ``{"grade", "gives"}``."""
    return explanation.explain(quantification, programme, credits_mg, points, None, counted_mg, shown)


def explain_record(
    record: Mapping[str, Any],
    programme: Programme,
    credits_mg: int,
    points: int,
    correction: Mapping[str, Any] | None = None,
    counted_mg: int | None = None,
) -> dict[str, Any]:
    """The same, rebuilt from what ``Quantification.record()`` kept, whatever was published since; after a ``correction``
    as it made it.

    Raises ValueError for a record whose number does not follow from its versions: it was tampered with.
    """
    found = of_record(record)
    if correction:
        found = of_record(corrected(record, correction["factor"], correction["replacement"]))
    shown = {name: record[name] for name in ("grade", "gives") if name in record}
    return explanation.explain(found, programme, credits_mg, points, correction, counted_mg, shown)
