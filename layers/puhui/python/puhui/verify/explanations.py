"""Recomputing a credit from its explanation (the answer of GET /activities/<id>/explanation), from nothing else."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from puhui.formulas.reductions import Reduction, term
from puhui.formulas.units import unit
from puhui.kernel.documents import content_hash
from puhui.tlog.errors import Malformed, NotProved

WHOLE_MAX = 10**15


@dataclass(frozen=True)
class Recomputed:
    """The number follows from the explanation. ``from_document``: its formula is also the published document's."""

    methodology: str
    formula: str
    inputs: Sequence[tuple[str, int, str]]  # name, value, unit
    factors: Sequence[Mapping[str, Any]]
    reduction_mg: int
    credits_mg: int
    points: int
    capped: bool
    sentence: Mapping[str, str]
    from_document: bool


def check_explanation(data: bytes, published: bytes | None) -> Recomputed:
    """Compute the explanation's number again. ``published`` is the answer of GET /methodologies/<id>/versions/<version>.

    Raises Malformed, NotProved.
    """
    told = _object(data, "explanation")
    if isinstance(told.get("sentence"), str):  # an answer speaks one language
        told["sentence"] = dict.fromkeys(("zh-CN", "en"), told["sentence"])
    try:
        found = _recomputed(told, published is not None)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, (Malformed, NotProved)):
            raise
        raise Malformed("the explanation does not have the form of one") from None
    if published is not None:
        _check_document(told, _object(published, "methodology"))
    return found


def _recomputed(told: dict[str, Any], from_document: bool) -> Recomputed:  # noqa: FBT001
    computation = told["computation"]
    inputs = [(each["name"], _whole(each["value"]), each["unit"]) for each in computation["inputs"]]
    reduction = Reduction(
        tuple((name, unit(of)) for name, _, of in inputs),
        tuple(term(each["name"], each["value"], each["unit"]) for each in computation["factors"]),
        tuple((line["name"], line["formula"]) for line in computation["lines"]),
        computation["discount"],
        _whole(computation["cap_mg"]) if "cap_mg" in computation else None,
    )
    made = reduction.milligrams([value for _, value, _ in inputs])
    said = _whole(computation["reduction_mg"])
    if made != said:
        raise NotProved(f"the formula gives {made} mg, the explanation says {said}")
    _check_shown(told, computation)
    credits_mg, limit = _whole(told["credits_mg"]), _limit(told)
    weak = any(each["credits_allowed"] is False for each in told["factors"])
    if credits_mg > min(made, limit) or (weak and credits_mg):
        raise NotProved(f"{credits_mg} mg were credited, more than the formula and the caps allow")
    capped = any(cap["applied"] for cap in told["caps"])
    if credits_mg < made and not (capped or weak):
        raise NotProved(f"{credits_mg} mg were credited of {made}, and no cap says why")
    about = told["methodology"]
    return Recomputed(
        f"{about['id']}@{about['version']}",
        str(told["formula"]),
        inputs,
        told["factors"],
        made,
        credits_mg,
        _whole(told["points"]),
        credits_mg < made,
        told["sentence"],
        from_document,
    )


def _check_shown(told: dict[str, Any], computation: dict[str, Any]) -> None:
    """What is shown to the member is what was computed with."""
    for name, value in ((each["name"], each["value"]) for each in computation["inputs"]):
        if told["inputs"].get(name) != value:
            raise NotProved(f"the input {name} is shown with another value than it was computed with")
    shown = [(each["id"], each["version"], each["value"], each["unit"]) for each in told["factors"]]
    used = [(each["id"], each["version"], each["value"], each["unit"]) for each in computation["factors"]]
    if shown != used:
        raise NotProved("the factors shown are not the ones that were computed with")


def _limit(told: dict[str, Any]) -> int:
    limits = [_whole(cap["limit"]) for cap in told["caps"] if cap["measure"] == "mg"]
    return min(limits, default=WHOLE_MAX)


def _check_document(told: dict[str, Any], published: dict[str, Any]) -> None:
    """The published document has the explanation's hash, and its formula is the one that was computed with."""
    document = published.get("document", published)
    if not isinstance(document, dict) or content_hash(document) != told["methodology"]["hash"]:
        raise NotProved("the methodology's document does not have the hash that the explanation names")
    written = document.get("formula", {})
    lines = [(line["name"], line["formula"]) for line in told["computation"]["lines"]]
    if "lines" in written and [(each["name"], each["formula"]) for each in written["lines"]] != lines:
        raise NotProved("the formula that was computed with is not the methodology's")
    if document.get("caps", {}).get("per_act_mg") != told["computation"].get("cap_mg"):
        raise NotProved("the cap that was computed with is not the methodology's")
    if written.get("discount", "0") != told["computation"]["discount"]:
        raise NotProved("the discount that was computed with is not the methodology's")


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Malformed(f"the {what} is no JSON") from None
    if not isinstance(value, dict):
        raise Malformed(f"the {what} is no JSON object")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= WHOLE_MAX:
        raise Malformed("an amount of the explanation is no whole number")
    return value
