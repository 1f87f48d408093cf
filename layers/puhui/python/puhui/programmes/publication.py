"""Before a programme is published: does its document fit the schema? Only the function that files imports this module."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from puhui.kernel.documents import DocumentInvalid, parse, pointer, require_valid
from puhui.kernel.schemas import validator
from puhui.programmes.model import FriendsRule, Programme, Span
from puhui.programmes.presets import from_document

WALKING = "walking"  # the house knows a day's walk by this name
_VALIDATOR = validator(Path(__file__).parent / "schema.json")


def check(text: bytes) -> Programme:
    """The programme that the document in ``text`` describes. Raises DocumentInvalid with the path to the
    first fault."""
    return check_document(parse(text))


def check_document(document: Any) -> Programme:
    """The same for a document that was parsed before."""
    require_valid(document, _VALIDATOR)
    for path, detail in _claim_faults(from_document(document)):
        raise DocumentInvalid(pointer=pointer(("claim", *path)), detail=detail)
    seen: set[str] = set()
    for position, behaviour in enumerate(document["behaviours"]):
        _check_behaviour(behaviour, ("behaviours", position), seen)
    return from_document(document)


def _claim_faults(programme: Programme) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with the claim rule, as (path below ``/claim``, detail)."""
    claim = programme.claim
    if claim.rule == "automatic":
        for name in ("matures_after", "collect_within", "friends"):
            if getattr(claim, name) is not None:
                yield (name,), "nothing is collected where acts are credited at once"
        return
    if claim.matures_after is None or claim.collect_within is None:
        return
    if claim.collect_within.as_hours == 0:
        yield ("collect_within",), "nobody could collect anything"
    if claim.window_days * 24 > claim.matures_after.as_hours + claim.collect_within.as_hours:
        yield ("window_days",), "an act could come when the time to collect it is over"
    if claim.friends is not None:
        for path, detail in _friends_faults(programme, claim.friends, claim.collect_within):
            yield ("friends", *path), detail


def _friends_faults(
    programme: Programme, friends: FriendsRule, collect_within: Span
) -> Iterator[tuple[tuple[str, ...], str]]:
    if programme.points is None:
        yield (), "friends take points, and this programme has none"
        return
    if friends.share_max_percent + friends.owner_keeps_min_percent > 100:
        yield ("share_max_percent",), "with owner_keeps_min_percent it is over the whole"
    if friends.per_act_max_mg < programme.points.mg_per_point:
        yield ("per_act_max_mg",), "less than a point"
    if friends.per_day_max_mg < friends.per_act_max_mg:
        yield ("per_day_max_mg",), "below per_act_max_mg"
    if friends.grace_minutes >= collect_within.as_hours * 60:
        yield ("grace_minutes",), "over when the time to collect is over"


def _check_behaviour(behaviour: dict[str, Any], path: tuple[str | int, ...], seen: set[str]) -> None:
    quantity = behaviour["quantity"]
    if behaviour["id"] in seen:
        raise DocumentInvalid(pointer=pointer((*path, "id")), detail="this behaviour stands twice")
    seen.add(behaviour["id"])
    shared = [name for name in behaviour["caps"] if name.startswith("per_household")]
    if shared and behaviour["evidence"] == "steps":
        raise DocumentInvalid(
            pointer=pointer((*path, "caps", shared[0])), detail="steps are one person's own"
        )
    if (behaviour["id"] == WALKING) != (behaviour["evidence"] == "steps"):
        raise DocumentInvalid(
            pointer=pointer((*path, "evidence")), detail=f"steps show {WALKING}, and nothing else does"
        )
    for name, bounds in quantity.items():
        if "min" in bounds and bounds["min"] > bounds["max"]:
            raise DocumentInvalid(pointer=pointer((*path, "quantity", name)), detail="min is above max")
    named = [("measure", behaviour["measure"])]
    if takes := behaviour.get("occupies"):
        named.append(("occupies", takes["quantity"]))
        least = takes.get("least", takes)
        if least["minutes"] * takes["per"] > takes["minutes"] * least["per"]:
            raise DocumentInvalid(
                pointer=pointer((*path, "occupies", "least")), detail="the least is above the usual time"
            )
    for member, name in named:
        if "min" not in quantity.get(name, {}):
            raise DocumentInvalid(
                pointer=pointer((*path, member)), detail=f"{name} is none of its quantities"
            )
