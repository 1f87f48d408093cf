"""The public reads of methodologies, and "what would this act give?"."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.grades import CREDITS, RECORD, SELF_DECLARED
from puhui.methodologies import api, registry
from puhui.methodologies.errors import MethodologyMismatch, MethodologyNotFound
from puhui.methodologies.explanation import show_factor
from puhui.methodologies.lifecycle import PUBLIC, PUBLISHED, SUPERSEDED, WITHDRAWN, Version, order
from puhui.methodologies.model import Behaviour, Factor, Methodology, Programme
from puhui.methodologies.repository import Methodologies


def list_methodologies(table: Methodologies | None = None) -> dict[str, Any]:
    """The latest version of each methodology, of the layer and of those published since."""
    latest = {
        name: _shown(registry.methodology(name, versions[-1]))
        for name, versions in registry.versions().items()
    }
    for each in table.all_latest() if table else ():
        before = latest.get(each.id)
        later = before is None or order(each.version) > order(before["version"])
        if later and each.status == PUBLISHED:
            latest[each.id] = {
                "id": each.id,
                "version": each.version,
                "name": dict(each.name),
                "hash": each.hash,
            }
    return {"items": [{**latest[name], "status": PUBLISHED} for name in sorted(latest)]}


def get_methodology_version(
    methodology_id: str, version: str, table: Methodologies | None = None
) -> dict[str, Any]:
    """A version that is or was published, with its status and all the factor records that its formula can draw on.

    Raises MethodologyNotFound, for drafts too.
    """
    if version in registry.versions().get(methodology_id, ()):
        methodology = registry.methodology(methodology_id, version)
        status = {"status": _status_in_layer(methodology_id, version, table)}
    else:
        found = table.version(methodology_id, version) if table else None
        if table is None or found is None or found.status not in PUBLIC:
            raise MethodologyNotFound
        methodology = registry.methodology_from(table.document(methodology_id, found.hash))
        status = _told(found)
    filed = (_filed(name, table) for name in methodology.factor_quantities)
    shipped = (each for each in registry.factors().values() if each.quantity in methodology.factor_quantities)
    records = [*shipped, *(each for found in filed for each in found)]
    return {
        **_shown(methodology),
        **status,
        "entry_id": ids.key_id("methodology", methodology_id, version),
        "factors": [show_factor(factor) for factor in records],
        "document": methodology.document,
    }


def _filed(quantity: str, table: Methodologies | None) -> list[Factor]:
    records = table.as_factors().records(quantity) if table else {}
    return [registry.factor_from(each) for each in records.values()]


def _status_in_layer(methodology_id: str, version: str, table: Methodologies | None) -> str:
    latest = registry.versions()[methodology_id][-1]
    filed = table.latest(methodology_id) if table and version == latest else None
    return SUPERSEDED if version != latest or (filed and filed.status == PUBLISHED) else PUBLISHED


def _told(version: Version) -> dict[str, Any]:
    """What anyone may know of how a version came about: when, not by whom."""
    shown = {"status": version.status, "jurisdiction": version.jurisdiction}
    for name, what in (("published_at", PUBLISHED), ("withdrawn_at", WITHDRAWN)):
        if step := version.step(what):
            shown[name] = clock.to_text(step.at)
    if step := version.step(SUPERSEDED):
        shown["superseded_by"] = step.note
    if step := version.step(WITHDRAWN):
        shown["withdrawn_because"] = step.note
    return shown


def trial(
    methodology_id: str,
    programme: Programme,
    behaviour: Behaviour,
    quantity: Mapping[str, Any],
    *,
    occurred_on: date,
    region: str | None,
    version: str | None = None,
) -> dict[str, Any]:
    """What the act would give a member who has done nothing else that day; nothing is stored.

    ``version``: by this published version instead of the one that the programme has chosen.
    Raises MethodologyNotFound, MethodologyMismatch, MethodologyWithdrawn, QuantityInvalid, FactorUnavailable.
    """
    if methodology_id != behaviour.methodology_id:
        if methodology_id not in registry.versions():
            raise MethodologyNotFound
        raise MethodologyMismatch(methodology_id=behaviour.methodology_id)
    chosen = registry.for_new_acts(methodology_id, version or behaviour.methodology_version)
    quantified = api.quantify_by(chosen, programme, behaviour, quantity, occurred_on, region)
    measured = quantified.inputs.get(behaviour.measure, 0)  # another version may take other quantities
    allowed = api.apply_caps(quantified.reduction_mg, measured, behaviour.caps).mg
    by_grade = [
        _given(programme, behaviour, grade, allowed, credits_allowed=quantified.credits_allowed)
        for grade in behaviour.evidence
    ]
    best = max(by_grade, key=lambda each: (each["credits_mg"], each["points"]))
    counted = (
        None if best["credits_mg"] or (best["gives"] == CREDITS and quantified.credits_allowed) else allowed
    )
    return {
        "credits_mg": best["credits_mg"],
        "points": best["points"],
        "grades": by_grade,
        "explanation": api.explain(
            quantified,
            programme,
            best["credits_mg"],
            best["points"],
            counted,
            {"grade": best["grade"], "gives": best["gives"]},
        ),
    }


def _given(
    programme: Programme, behaviour: Behaviour, grade: str, allowed: int, *, credits_allowed: bool
) -> dict[str, Any]:
    """What the act gives when it is shown so, and nothing else was recorded that day."""
    gives = behaviour.gives(grade)
    counted = min(allowed, programme.self_declared_per_day_mg) if grade == SELF_DECLARED else allowed
    return {
        "grade": grade,
        "gives": gives,
        "credits_mg": counted if gives == CREDITS and credits_allowed else 0,
        "points": 0 if gives == RECORD else api.points_for(programme.points, counted),
    }


def _shown(methodology: Methodology) -> dict[str, Any]:
    return {
        "id": methodology.id,
        "version": methodology.version,
        "name": methodology.name,
        "hash": methodology.hash,
    }
