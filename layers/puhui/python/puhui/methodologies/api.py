"""What other contexts may ask of methodologies. Everything is pure and cheap: published versions are read
once."""

from collections.abc import Mapping
from typing import Any

from puhui.methodologies import explanation
from puhui.methodologies.errors import FactorUnavailable, MethodologyNotFound, QuantityInvalid
from puhui.methodologies.model import PointsRate, Programme
from puhui.methodologies.quantification import (
    Allowed,
    Quantification,
    Used,
    apply_caps,
    of_record,
    quantify,
)

__all__ = [
    "Allowed",
    "FactorUnavailable",
    "MethodologyNotFound",
    "Quantification",
    "QuantityInvalid",
    "Used",
    "apply_caps",
    "explain",
    "explain_record",
    "points_for",
    "quantify",
]


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
