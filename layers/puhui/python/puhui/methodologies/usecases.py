"""The public reads of methodologies, and "what would this act give?"."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from puhui.methodologies import api, registry
from puhui.methodologies.errors import MethodologyMismatch, MethodologyNotFound
from puhui.methodologies.explanation import show_factor
from puhui.methodologies.model import Behaviour, Methodology, Programme


def list_methodologies() -> dict[str, Any]:
    """The latest version of each methodology."""
    latest = (registry.methodology(name, versions[-1]) for name, versions in registry.versions().items())
    return {"items": [_shown(each) for each in latest]}


def get_methodology_version(methodology_id: str, version: str) -> dict[str, Any]:
    """One version with all the factor records that its formula can draw on. Raises MethodologyNotFound."""
    methodology = registry.methodology(methodology_id, version)
    records = (
        factor for factor in registry.factors().values() if factor.quantity in methodology.factor_quantities
    )
    return {
        **_shown(methodology),
        "factors": [show_factor(factor) for factor in records],
        "document": methodology.document,
    }


def trial(
    methodology_id: str,
    programme: Programme,
    behaviour: Behaviour,
    quantity: Mapping[str, Any],
    *,
    occurred_on: date,
    region: str | None,
) -> dict[str, Any]:
    """What the act would give a member who has done nothing else that day; nothing is stored.

    Raises MethodologyNotFound, MethodologyMismatch, QuantityInvalid, FactorUnavailable.
    """
    if methodology_id not in registry.versions():
        raise MethodologyNotFound
    if methodology_id != behaviour.methodology_id:
        raise MethodologyMismatch(methodology_id=behaviour.methodology_id)
    quantified = api.quantify(programme, behaviour, quantity, occurred_on, region)
    allowed = api.apply_caps(quantified.reduction_mg, quantified.inputs[behaviour.measure], behaviour.caps).mg
    credits_mg = allowed if quantified.credits_allowed else 0
    points = api.points_for(programme.points, allowed)
    return {
        "credits_mg": credits_mg,
        "points": points,
        "explanation": api.explain(quantified, programme, credits_mg, points),
    }


def _shown(methodology: Methodology) -> dict[str, Any]:
    return {
        "id": methodology.id,
        "version": methodology.version,
        "name": methodology.name,
        "hash": methodology.hash,
    }
