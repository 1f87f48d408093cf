"""The public reads of programmes, in the shapes of the contract."""

from dataclasses import asdict
from typing import Any

from puhui.kernel import clock
from puhui.kernel.grades import PHOTO, VERIFIED
from puhui.programmes import api, jurisdictions
from puhui.programmes.model import PHOTOS_MAX, Behaviour, ClaimRule, Programme


def list_programmes() -> dict[str, Any]:
    """All programmes."""
    return {"items": [show_programme(each) for each in api.all_programmes()]}


def get_programme(programme_id: str) -> dict[str, Any]:
    """One programme. Raises ProgrammeNotFound."""
    return show_programme(api.programme(programme_id))


def list_behaviours(programme_id: str) -> dict[str, Any]:
    """What the programme counts, with the quantity, evidence and caps of each. Raises ProgrammeNotFound."""
    programme = api.programme(programme_id)
    return {"items": [show_behaviour(each) for each in programme.behaviours.values()]}


def show_programme(programme: Programme) -> dict[str, Any]:
    """The contract's Programme; ``unit`` says what one point is worth where the programme gives points."""
    unit: dict[str, Any] = {"name": programme.unit_name}
    if programme.points:
        unit |= {"mg_per_point": programme.points.mg_per_point, "valid_months": programme.points.valid_months}
    return {
        "id": programme.id,
        "version": programme.version,
        "name": programme.name,
        "description": programme.description,
        "operator": programme.operator,
        "jurisdiction": programme.jurisdiction,
        "unit": unit,
        "factor_profile": programme.factor_profile,
        "claim": _claim(programme.claim),
        "self_declared": {"per_day_mg": programme.self_declared_per_day_mg},
        "risk": {"hold_days": programme.hold_days},
        "gates": dict(programme.gates),
        "terms": {"version": programme.terms.version, "text": programme.terms.text},
        "reward_kinds": list(programme.reward_kinds),
        **({"minors": True} if programme.minors else {}),
        **_closing(programme),
    }


def _closing(programme: Programme) -> dict[str, Any]:
    if programme.closes_at is None:
        return {}
    return {"closes_at": clock.to_text(programme.closes_at), "closed_because": programme.closed_because}


def list_gates(programme_id: str) -> list[dict[str, Any]]:
    """Each gate of a programme: whether it is open, and what the jurisdiction's document says of it. Raises
    ProgrammeNotFound."""
    programme = api.programme(programme_id)
    rules = [jurisdictions.rule(programme.jurisdiction, gate) for gate in jurisdictions.GATES]
    return [
        {
            "gate": rule.gate,
            "open": programme.gates[rule.gate],
            "may_open": rule.may_open,
            "region": rule.region,
            "why": rule.why,
            **({"source": rule.source} if rule.source else {}),
        }
        for rule in rules
    ]


def _claim(claim: ClaimRule) -> dict[str, Any]:
    body: dict[str, Any] = {"rule": claim.rule, "window_days": claim.window_days}
    for name, span in (("matures_after", claim.matures_after), ("collect_within", claim.collect_within)):
        if span is not None:
            body[name] = {"hours": span.hours} if span.days is None else {"days": span.days}
    return body | ({"friends": asdict(claim.friends)} if claim.friends else {})


def show_behaviour(behaviour: Behaviour) -> dict[str, Any]:
    """The contract's Behaviour; each cap is ``{per, measure, limit}`` and, where there is one, a ``note``."""
    evidence = [
        {"grade": grade, "gives": accepted.gives}
        | ({"photos_max": PHOTOS_MAX} if grade in (PHOTO, VERIFIED) else {})
        for grade, accepted in behaviour.evidence.items()
    ]
    return {
        "id": behaviour.id,
        "methodology_id": behaviour.methodology_id,
        "methodology_version": behaviour.methodology_version,
        "name": behaviour.name,
        "quantity_schema": behaviour.quantity_schema,
        "evidence": evidence,
        "caps": _caps(behaviour),
    }


def _caps(behaviour: Behaviour) -> list[dict[str, Any]]:
    note = {"note": behaviour.caps_note} if behaviour.caps_note else {}
    return [
        {"per": per, "measure": measure, "limit": limit, **note}
        for per, measure, limit in behaviour.caps.listed(behaviour.measure)
    ]
