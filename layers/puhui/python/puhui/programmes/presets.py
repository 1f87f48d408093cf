"""The documents that ship with the layer, read once and kept. One file a programme: ``presets/<id>.json``. A version that was
filed and started since takes a preset's place when it is the later one; what was decided of a programme (``decisions.py``) is
applied to whichever runs."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from puhui.kernel.grades import CREDITS, PHOTO, POINTS, SELF_DECLARED, STEPS
from puhui.programmes import published
from puhui.programmes.decisions import RunningState, applied
from puhui.programmes.errors import ProgrammeNotFound
from puhui.programmes.filing import order
from puhui.programmes.model import (
    HOLD_DAYS,
    SELF_DECLARED_PER_DAY_MG,
    Accepted,
    Behaviour,
    Caps,
    ClaimRule,
    CouponRule,
    Duration,
    FriendsRule,
    PointsRule,
    Programme,
    Span,
    Terms,
)

_FOLDER = os.path.join(os.path.dirname(__file__), "presets")  # noqa: PTH118, PTH120 pathlib is not needed at run time


@cache
def ids() -> tuple[str, ...]:
    """The programmes there are, in the order of their ids."""
    return tuple(sorted(name.removesuffix(".json") for name in os.listdir(_FOLDER)))  # noqa: PTH208


@cache
def document(programme_id: str) -> dict[str, Any]:
    """A preset's document."""
    with open(os.path.join(_FOLDER, f"{programme_id}.json"), "rb") as file:  # noqa: PTH118, PTH123
        read_: dict[str, Any] = json.load(file)
    return read_


@cache
def _read(programme_id: str) -> Programme:
    return from_document(document(programme_id))


def read(programme_id: str, version: str = "") -> Programme:
    """The programme that counts acts now; with ``version``, as it was in that one (what was recorded by it keeps it), where that
    is still known. Raises ProgrammeNotFound; only names of files in the folder ever reach the file system."""
    state = published.running_state(programme_id)
    now = _running(programme_id, state)
    if version and version != now.version:
        before = _version(programme_id, version)
        return applied(before, state) if before and state else before or now
    return now


def _running(programme_id: str, state: RunningState | None) -> Programme:
    if programme_id in ids():
        preset = _read(programme_id)
        if state is None:
            return preset
        if state.programme_version is None or order(state.programme_version) <= order(preset.version):
            return applied(preset, state)
    if state is None or state.document is None:
        raise ProgrammeNotFound
    return applied(from_document(dict(state.document)), state)


def _version(programme_id: str, version: str) -> Programme | None:
    if programme_id in ids() and _read(programme_id).version == version:
        return _read(programme_id)
    found = published.version(programme_id, version)
    return from_document(found) if found else None


def running(states: Mapping[str, RunningState]) -> tuple[Programme, ...]:
    """All programmes, the layer's in the order of their ids, then the others; ``states``: what the table says of each."""
    names = (*ids(), *(each for each in states if each not in ids()))
    known = ((name, states.get(name)) for name in names)
    return tuple(
        _running(name, state) for name, state in known if name in ids() or (state and state.document)
    )


def shipped() -> tuple[Programme, ...]:
    """The programmes of the layer, in the order of their ids."""
    return tuple(_read(programme_id) for programme_id in ids())


def from_document(document: dict[str, Any]) -> Programme:
    """A programme from its document, which fits schema.json."""
    behaviours = [_behaviour(each) for each in document["behaviours"]]
    return Programme(
        id=document["id"],
        version=document["version"],
        name=document["name"],
        description=document["description"],
        operator=document["operator"],
        jurisdiction=document["jurisdiction"],
        unit_name=document["unit_name"],
        factor_profile=document["factor_profile"],
        points=PointsRule(**document["points"]) if document["points"] else None,
        claim=_claim(document["claim"]),
        gates=document["gates"],
        behaviours={behaviour.id: behaviour for behaviour in behaviours},
        terms=Terms(**document["terms"]),
        reward_kinds=tuple(document["reward_kinds"]),
        coupons=CouponRule(**document.get("coupons", {})),
        self_declared_per_day_mg=document.get("self_declared", {}).get(
            "per_day_mg", SELF_DECLARED_PER_DAY_MG
        ),
        sandbox=document.get("sandbox", False),
        minors=document.get("minors", False),
        hold_days=document.get("risk", {}).get("hold_days", HOLD_DAYS),
    )


def _claim(document: dict[str, Any]) -> ClaimRule:
    spans = {name: Span(**document[name]) for name in ("matures_after", "collect_within") if name in document}
    friends = FriendsRule(**document["friends"]) if "friends" in document else None
    return ClaimRule(document["rule"], document["window_days"], friends=friends, **spans)


def _behaviour(document: dict[str, Any]) -> Behaviour:
    quantity = document["quantity"]
    return Behaviour(
        id=document["id"],
        methodology_id=document["methodology_id"],
        methodology_version=document["methodology_version"],
        name=document["name"],
        evidence=_evidence(document["evidence"]),
        measure=document["measure"],
        bounds={name: (each["min"], each["max"]) for name, each in quantity.items() if "min" in each},
        choices={name: tuple(each["choices"]) for name, each in quantity.items() if "choices" in each},
        optional=frozenset(name for name, each in quantity.items() if "optional" in each),
        caps=Caps(**document["caps"]),
        caps_note=document.get("caps_note"),
        occupies=_duration(document["occupies"]) if "occupies" in document else None,
    )


# What a word for the evidence meant, in the documents of before December 2026.
_FORMER_EVIDENCE: dict[str, dict[str, Any]] = {
    "none": {SELF_DECLARED: {"gives": POINTS}},
    "photo": {PHOTO: {"gives": CREDITS}},
    "photo_optional": {SELF_DECLARED: {"gives": POINTS}, PHOTO: {"gives": CREDITS}},
    "steps": {STEPS: {"gives": POINTS}},
}


def _evidence(document: dict[str, Any] | str) -> dict[str, Accepted]:
    by_grade = _FORMER_EVIDENCE[document] if isinstance(document, str) else document
    return {grade: Accepted(**accepted) for grade, accepted in by_grade.items()}


def _duration(document: dict[str, Any]) -> Duration:
    least = document.get("least")
    return Duration(
        document["quantity"],
        document["minutes"],
        document["per"],
        (least["minutes"], least["per"]) if least else None,
    )
