"""What other contexts may ask of programmes: data in the layer, and what was started and decided since (``published.py``)."""

from collections.abc import Mapping
from typing import Any

from puhui.kernel.scopes import OutOfScope, Scope
from puhui.kernel.words import Text
from puhui.programmes import presets, published
from puhui.programmes.errors import BehaviourUnknown, ProgrammeClosed, ProgrammeNotFound, TermsChanged
from puhui.programmes.model import (
    Behaviour,
    Caps,
    ClaimRule,
    CouponRule,
    Duration,
    FriendsRule,
    PointsRule,
    Programme,
    Span,
)

__all__ = [
    "Behaviour",
    "BehaviourUnknown",
    "Caps",
    "ClaimRule",
    "CouponRule",
    "Duration",
    "FriendsRule",
    "PointsRule",
    "Programme",
    "ProgrammeClosed",
    "ProgrammeNotFound",
    "Span",
    "TermsChanged",
    "all_programmes",
    "behaviour",
    "behaviour_name",
    "jurisdiction_of",
    "occupied_minutes",
    "programme",
    "programme_name",
    "require_scope",
]


def programme(programme_id: str, version: str = "") -> Programme:
    """The programme as it is now, or in the ``version`` that something was recorded by. Raises ProgrammeNotFound."""
    return presets.read(programme_id, version)


def behaviour(programme: Programme, behaviour_id: str) -> Behaviour:
    """The behaviour that the programme counts under this id. Raises BehaviourUnknown, which lists those it
    counts."""
    try:
        return programme.behaviours[behaviour_id]
    except KeyError:
        raise BehaviourUnknown(behaviour=behaviour_id, known=", ".join(programme.behaviours)) from None


def programme_name(programme_id: str) -> Text:
    """What a programme is called; its id where it is not known."""
    try:
        return programme(programme_id).name
    except ProgrammeNotFound:
        return {"zh-CN": programme_id, "en": programme_id}


def behaviour_name(programme_id: str, behaviour_id: str) -> Text:
    """What the programme calls it; its id where the programme is not known or counts it no longer."""
    try:
        found = programme(programme_id).behaviours.get(behaviour_id)
    except ProgrammeNotFound:
        found = None
    return found.name if found else {"zh-CN": behaviour_id, "en": behaviour_id}


def jurisdiction_of(programme_id: str) -> str:
    """The region that a programme is in. Raises ProgrammeNotFound."""
    return programme(programme_id).jurisdiction


def require_scope(programme_id: str, scope: Scope) -> None:
    """Raise OutOfScope unless a role holds in the programme; ProgrammeNotFound."""
    if not scope.everywhere and not scope.covers(programme_id, jurisdiction_of(programme_id)):
        raise OutOfScope(place=programme_id)


def occupied_minutes(behaviour: Behaviour, quantity: Mapping[str, Any]) -> int:
    """The minutes of a member's time that the act takes; 0 where it takes none of its own."""
    return behaviour.occupies.of(quantity) if behaviour.occupies else 0


def all_programmes() -> tuple[Programme, ...]:
    """Every programme: the layer's in the order of their ids, then those that were started since."""
    return presets.running(published.all_running())
