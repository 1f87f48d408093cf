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
    """The number follows from ``lines``, ``inputs``, ``factors`` and ``discount``, and ``credits_mg`` is no more than that and
    than the caps that are named. ``from_document``: the formula is also the published document's. ``claimed``: what else the
    explanation says, which nothing here shows to be true."""

    methodology: str
    lines: Sequence[tuple[str, str]]  # name, formula
    inputs: Sequence[tuple[str, int, str]]  # name, value, unit
    factors: Sequence[tuple[str, str, str]]  # id@version, value, unit
    discount: str
    cap_mg: int | None
    reduction_mg: int
    credits_mg: int
    from_document: bool
    claimed: "Claimed"


@dataclass(frozen=True)
class Claimed:
    """What cannot be computed again from an explanation: what the member's other acts and the programme's rules decided, and
    words."""

    points: int
    caps: Sequence[Mapping[str, Any]]
    formula: str
    factors: Sequence[Mapping[str, Any]]
    correction: Mapping[str, Any] | None
    sentence: Mapping[str, str]


def check_explanation(data: bytes, published: bytes | None) -> Recomputed:
    """Compute the explanation's number again. ``published`` is the answer of GET /methodologies/<id>/versions/<version>.

    Raises Malformed, NotProved.
    """
    explanation = _object(data, "explanation")
    if isinstance(explanation.get("sentence"), str):  # an answer speaks one language
        explanation["sentence"] = dict.fromkeys(("zh-CN", "en"), explanation["sentence"])
    try:
        found = _recomputed(explanation, published is not None)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, (Malformed, NotProved)):
            raise
        raise Malformed("the explanation does not have the form of one") from None
    if published is not None:
        _check_document(explanation, _object(published, "methodology"))
    return found


def _recomputed(explanation: dict[str, Any], from_document: bool) -> Recomputed:  # noqa: FBT001
    computation = explanation["computation"]
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
    _check_shown(explanation, computation)
    credits_mg = _whole(explanation["credits_mg"])
    _check_caps(explanation, made, credits_mg)
    _check_correction(explanation, credits_mg)
    about = explanation["methodology"]
    return Recomputed(
        f"{about['id']}@{about['version']}",
        reduction.lines,
        inputs,
        [(f"{each['id']}@{each['version']}", each["value"], each["unit"]) for each in explanation["factors"]],
        reduction.discount,
        reduction.cap_mg,
        made,
        credits_mg,
        from_document,
        Claimed(
            _whole(explanation["points"]),
            explanation["caps"],
            str(explanation["formula"]),
            explanation["factors"],
            explanation.get("correction"),
            explanation["sentence"],
        ),
    )


def _check_caps(explanation: dict[str, Any], made: int, credits_mg: int) -> None:
    """What was credited is no more than computed and than each cap on mass, and less only where one cut; none cut nothing.
    Of an act that ended without credits none says why."""
    shown_too_little = explanation.get("gives", "credits") != "credits"
    weak = shown_too_little or any(each["credits_allowed"] is False for each in explanation["factors"])
    masses = [
        (_whole(cap["limit"]), cap["per"], cap["applied"])
        for cap in explanation["caps"]
        if cap["measure"] == "mg"
    ]
    counted = _whole(explanation.get("counted_mg", credits_mg)) if weak else credits_mg
    if counted > min([made, *(limit for limit, _, _ in masses)]) or (weak and credits_mg):
        raise NotProved(f"{counted} mg were credited, more than the formula and the caps allow")
    cutting = [(limit, per) for limit, per, applied in masses if applied]
    if 0 < counted < made and not cutting:
        raise NotProved(f"{counted} mg were credited of {made}, and no cap says why")
    of_act = [limit for limit, per in cutting if per == "act"]
    if (counted == made and cutting) or (of_act and len(of_act) == len(cutting) and counted not in of_act):
        raise NotProved(f"a cap is said to have cut, which does not make {counted} mg of {made}")


def _check_correction(explanation: dict[str, Any], credits_mg: int) -> None:
    """The figures are those after the correction."""
    correction = explanation.get("correction")
    if correction is None:
        return
    used = {f"{each['id']}@{each['version']}" for each in explanation["factors"]}
    right = correction["replacement"] in used and correction["factor"] not in used
    if not right or _whole(correction["to_mg"]) != credits_mg:
        raise NotProved("the figures are not those that the correction names")
    _whole(correction["from_mg"])


def _check_shown(explanation: dict[str, Any], computation: dict[str, Any]) -> None:
    """What is shown to the member is what was computed with."""
    for name, value in ((each["name"], each["value"]) for each in computation["inputs"]):
        if explanation["inputs"].get(name) != value:
            raise NotProved(f"the input {name} is shown with another value than it was computed with")
    shown = [(each["id"], each["version"], each["value"], each["unit"]) for each in explanation["factors"]]
    used = [(each["id"], each["version"], each["value"], each["unit"]) for each in computation["factors"]]
    if shown != used:
        raise NotProved("the factors shown are not the ones that were computed with")


def _check_document(explanation: dict[str, Any], published: dict[str, Any]) -> None:
    """The published document has the explanation's hash, and its formula is the one that was computed with."""
    document = published.get("document", published)
    if not isinstance(document, dict) or content_hash(document) != explanation["methodology"]["hash"]:
        raise NotProved("the methodology's document does not have the hash that the explanation names")
    written = document.get("formula", {})
    lines = [(line["name"], line["formula"]) for line in explanation["computation"]["lines"]]
    if "lines" in written and [(each["name"], each["formula"]) for each in written["lines"]] != lines:
        raise NotProved("the formula that was computed with is not the methodology's")
    if document.get("caps", {}).get("per_act_mg") != explanation["computation"].get("cap_mg"):
        raise NotProved("the cap that was computed with is not the methodology's")
    if written.get("discount", "0") != explanation["computation"]["discount"]:
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
