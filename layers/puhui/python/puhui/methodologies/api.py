"""What other contexts may ask of methodologies. Everything is pure and cheap: published versions are read
once."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from puhui.kernel.errors import DomainError
from puhui.methodologies import explanation, registry
from puhui.methodologies.dynamo import Publication, publication_in
from puhui.methodologies.errors import (
    BehaviourNotCountable,
    FactorUnavailable,
    MethodologyNotFound,
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

__all__ = [
    "Allowed",
    "FactorUnavailable",
    "Methodology",
    "MethodologyNotFound",
    "Programme",
    "Publication",
    "Quantification",
    "QuantityInvalid",
    "Used",
    "apply_caps",
    "explain",
    "explain_record",
    "factors",
    "labelled",
    "methodology_of",
    "points_for",
    "publication_in",
    "published",
    "quantify",
    "quantify_by",
    "recompute",
    "require_countable",
]


def published(methodology_id: str, version: str) -> Methodology:
    """A published version. Raises MethodologyNotFound."""
    return registry.methodology(methodology_id, version)


def methodology_of(document: dict[str, Any]) -> Methodology:
    """The methodology of a document that was checked before it was stored."""
    return registry.methodology_from(document)


def factors() -> dict[str, Factor]:
    """All published factor records by ``id@version``."""
    return registry.factors()


def recompute(record: Mapping[str, Any]) -> int:
    """The mg that a record's formula gives with the factors it names now, whatever it says itself."""
    formula = registry.formula_of_record(record["methodology"], tuple(record["factors"]))
    return formula.milligrams(
        {each.name: record["inputs"].get(each.name, 0) for each in formula.methodology.inputs}
    )


def require_countable(programme: Programme, behaviour: Behaviour, day: date) -> None:
    """Raise BehaviourNotCountable unless the behaviour's methodology is published, accepts its evidence, and has the
    factors that the programme's profile needs."""
    most: dict[str, Any] = {name: limits[1] for name, limits in behaviour.bounds.items()}
    quantity = most | {name: words[0] for name, words in behaviour.choices.items()}
    try:
        accepted = quantify(programme, behaviour, quantity, day).methodology.evidence
    except DomainError as error:
        raise BehaviourNotCountable(
            behaviour=behaviour.id, why_zh=error.text("zh-CN"), why_en=error.text("en")
        ) from None
    # A device's or a partner's record comes without a photo. The first published versions name no evidence.
    shown = {"none", "device", "partner"} if behaviour.evidence == "none" else {behaviour.evidence}
    if accepted and not shown & set(accepted):
        raise BehaviourNotCountable(
            behaviour=behaviour.id,
            why_zh=f"方法学要求的凭证是 {', '.join(accepted)}。",
            why_en=f"its methodology accepts {', '.join(accepted)} as evidence.",
        )


def points_for(rule: PointsRate | None, mg: int) -> int:
    """The whole points that ``mg`` gives, rounded down; none where the programme has no points rule."""
    return mg // rule.mg_per_point if rule else 0


def explain(
    quantification: Quantification, programme: Programme, credits_mg: int, points: int
) -> dict[str, Any]:
    """The contract's Explanation (without ``activity_id``) of an act that gave this much after caps."""
    return explanation.explain(quantification, programme, credits_mg, points)


def explain_record(
    record: Mapping[str, Any], programme: Programme, credits_mg: int, points: int
) -> dict[str, Any]:
    """The same, rebuilt from what ``Quantification.record()`` kept, whatever was published since.

    Raises ValueError for a record whose number does not follow from its versions: it was tampered with.
    """
    return explain(of_record(record), programme, credits_mg, points)
