"""Before a programme is published: does its document fit the schema? Only the function that files imports this module."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from puhui.kernel.documents import DocumentInvalid, parse, pointer, require_valid
from puhui.kernel.grades import CREDITS, MAKE_CREDITS, PHOTO, POINTS, STEPS
from puhui.kernel.schemas import validator
from puhui.programmes.model import FriendsRule, Programme, Span
from puhui.programmes.presets import from_document

WALKING = "walking"  # the house knows a day's walk by this name
Fault = tuple[tuple[str, ...], str, str]
"""Where below the claim rule, and what: in Chinese and in English."""
_VALIDATOR = validator(Path(__file__).parent / "schema.json")


def check(text: bytes) -> Programme:
    """The programme that the document in ``text`` describes. Raises DocumentInvalid with the path to the
    first fault."""
    return check_document(parse(text))


def check_document(document: Any) -> Programme:
    """The same for a document that was parsed before."""
    require_valid(document, _VALIDATOR)
    for path, zh, en in _claim_faults(from_document(document)):
        raise _fault(("claim", *path), zh, en)
    seen: set[str] = set()
    for position, behaviour in enumerate(document["behaviours"]):
        _check_behaviour(behaviour, ("behaviours", position), seen, has_points=document["points"] is not None)
    return from_document(document)


def _claim_faults(programme: Programme) -> Iterator[Fault]:
    """What is wrong with the claim rule."""
    claim = programme.claim
    if claim.rule == "automatic":
        for name in ("matures_after", "collect_within", "friends"):
            if getattr(claim, name) is not None:
                yield (
                    (name,),
                    "即时入账的项目没有收取",
                    "nothing is collected where acts are credited at once",
                )
        return
    if claim.matures_after is None or claim.collect_within is None:
        return
    if claim.collect_within.as_hours == 0:
        yield ("collect_within",), "没有时间可以收取", "nobody could collect anything"
    if claim.window_days * 24 > claim.matures_after.as_hours + claim.collect_within.as_hours:
        yield (
            ("window_days",),
            "行为提交时收取期限可能已过",
            "an act could come when the time to collect it is over",
        )
    if claim.friends is not None:
        for path, zh, en in _friends_faults(programme, claim.friends, claim.collect_within):
            yield ("friends", *path), zh, en


def _friends_faults(programme: Programme, friends: FriendsRule, collect_within: Span) -> Iterator[Fault]:
    if programme.points is None:
        yield (), "好友收取的是积分，而本项目没有积分", "friends take points, and this programme has none"
        return
    if friends.share_max_percent + friends.owner_keeps_min_percent > 100:
        yield (
            ("share_max_percent",),
            "与 owner_keeps_min_percent 之和超过 100",
            "with owner_keeps_min_percent it is over the whole",
        )
    if friends.per_act_max_mg < programme.points.mg_per_point:
        yield ("per_act_max_mg",), "不足一个积分", "less than a point"
    if friends.per_day_max_mg < friends.per_act_max_mg:
        yield ("per_day_max_mg",), "小于 per_act_max_mg", "below per_act_max_mg"
    if friends.grace_minutes >= collect_within.as_hours * 60:
        yield ("grace_minutes",), "不短于收取期限", "over when the time to collect is over"


def _check_behaviour(
    behaviour: dict[str, Any], path: tuple[str | int, ...], seen: set[str], *, has_points: bool
) -> None:
    quantity = behaviour["quantity"]
    if behaviour["id"] in seen:
        raise _fault((*path, "id"), "这个行为出现了两次", "this behaviour appears twice")
    seen.add(behaviour["id"])
    _check_evidence(behaviour, path, has_points=has_points)
    for name, bounds in quantity.items():
        if "min" in bounds and bounds["min"] > bounds["max"]:
            raise _fault((*path, "quantity", name), "min 大于 max", "min is above max")
    named = [("measure", behaviour["measure"])]
    if takes := behaviour.get("occupies"):
        named.append(("occupies", takes["quantity"]))
        least = takes.get("least", takes)
        if least["minutes"] * takes["per"] > takes["minutes"] * least["per"]:
            raise _fault(
                (*path, "occupies", "least"), "最少时间大于通常时间", "the least is above the usual time"
            )
    for member, name in named:
        if "min" not in quantity.get(name, {}):
            raise _fault((*path, member), f"{name} 不是它的数量", f"{name} is none of its quantities")


def _check_evidence(behaviour: dict[str, Any], path: tuple[str | int, ...], *, has_points: bool) -> None:
    evidence = behaviour["evidence"]
    shared = [name for name in behaviour["caps"] if name.startswith("per_household")]
    if shared and STEPS in evidence:
        raise _fault((*path, "caps", shared[0]), "步数是一个人自己的", "steps are one person's own")
    if (behaviour["id"] == WALKING) != (STEPS in evidence):
        raise _fault(
            (*path, "evidence"),
            f"步数是 {WALKING} 的凭证，也只是它的",
            f"steps show {WALKING}, and they show nothing else",
        )
    for grade, accepted in evidence.items():
        _check_grade(grade, accepted, (*path, "evidence", grade), has_points=has_points)


def _check_grade(
    grade: str, accepted: dict[str, Any], path: tuple[str | int, ...], *, has_points: bool
) -> None:
    """What a grade may give, whatever the methodology says."""
    if accepted["gives"] == CREDITS and grade not in MAKE_CREDITS:
        raise _fault(
            (*path, "gives"),
            f"{grade} 不能产生减排量",
            f"{grade} shows too little for credits: points or record",
        )
    if accepted["gives"] == POINTS and not has_points:
        raise _fault((*path, "gives"), "本项目没有积分", "this programme has no points")
    if "reviewed_percent" in accepted and grade != PHOTO:
        raise _fault((*path, "reviewed_percent"), "只有照片抽查", "only photos are drawn for a person to see")


def _fault(path: tuple[str | int, ...], zh: str, en: str) -> DocumentInvalid:
    return DocumentInvalid(pointer(path), {"zh-CN": zh, "en": en})
