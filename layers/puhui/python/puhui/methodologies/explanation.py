"""Why this number: everything a member needs to compute it again by hand, and one sentence in two
languages."""

import re
from collections.abc import Mapping
from math import gcd
from typing import Any

from puhui.formulas import expressions
from puhui.formulas.reductions import BASELINE, PROJECT
from puhui.formulas.units import Unit, smallest_name
from puhui.kernel.grades import CREDITS, POINTS, RECORD
from puhui.kernel.quantities import grams_text
from puhui.methodologies.model import Factor, Programme
from puhui.methodologies.quantification import Quantification

LANGUAGES = ("zh-CN", "en")
_LINES = {
    BASELINE: {"zh-CN": "基准排放", "en": "Baseline: what would have been emitted"},
    PROJECT: {"zh-CN": "行为排放", "en": "Project: what the act itself emits"},
}
_PLACES_MAX = 18
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def explain(
    quantification: Quantification,
    programme: Programme,
    credits_mg: int,
    points: int,
    correction: Mapping[str, Any] | None = None,
    counted_mg: int | None = None,
    shown: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The contract's Explanation of an act that gave ``credits_mg`` and ``points`` after caps; ``correction``: what made
    these of other figures, and why. ``counted_mg``: what counted for points, where factors or evidence are too weak for credits.
    ``shown``: by which ``grade`` of evidence, and what that ``gives``."""
    methodology = quantification.methodology
    steps = _steps(quantification)
    counted = credits_mg if counted_mg is None else counted_mg
    caps = [_cap(cap, quantification, counted) for cap in quantification.caps]
    if any(cap["applied"] for cap in caps):
        steps.append(_cap_step(quantification.reduction_mg, counted))
    return {
        "methodology": {"id": methodology.id, "version": methodology.version, "hash": methodology.hash},
        "formula": methodology.formula,
        "inputs": dict(quantification.inputs),
        "factors": [show_factor(factor) for factor in quantification.formula.factors],
        "steps": steps,
        "caps": caps,
        "credits_mg": credits_mg,
        **({} if counted_mg is None else {"counted_mg": counted_mg}),
        "points": points,
        **(shown or {}),
        "sentence": _sentence(
            quantification, programme, counted, points, correction, (shown or {}).get("gives", CREDITS)
        ),
        "computation": _computation(quantification),
        **({"correction": dict(correction)} if correction else {}),
    }


def show_factor(factor: Factor) -> dict[str, Any]:
    """The contract's Factor: ``value`` and ``unit`` as the source gives them."""
    shown = {
        "id": factor.id,
        "version": factor.version,
        "name": factor.name,
        "value": factor.value,
        "unit": factor.unit.text,
        "region": factor.region,
        "year": factor.year,
        "publisher": factor.publisher,
        "document": factor.document,
        "mark": factor.mark,
        "valid_from": factor.valid_from,
        "credits_allowed": factor.credits_allowed,
    }
    return shown | ({"source_url": factor.source_url} if factor.source_url else {})


def fill(template: str, values: Mapping[str, Any]) -> str:
    """``{name}`` replaced by the value of that name; nothing else of the template means anything."""
    return _PLACE.sub(lambda place: str(values[place[1]]), template)


def _computation(quantification: Quantification) -> dict[str, Any]:
    """Everything that the number follows from, for whoever computes it again off line (``puhui.formulas``)."""
    formula = quantification.formula
    reduction = formula.reduction
    return {
        "inputs": [
            {"name": name, "value": quantification.inputs[name], "unit": unit.text}
            for name, unit in reduction.inputs
        ],
        "factors": [
            {
                "name": term.name,
                "id": factor.id,
                "version": factor.version,
                "value": term.value,
                "unit": term.unit.text,
            }
            for term, factor in zip(reduction.terms, formula.factors, strict=True)
        ],
        "lines": [{"name": name, "formula": text} for name, text in reduction.lines],
        "discount": reduction.discount,
        "reduction_mg": quantification.reduction_mg,
        **({"cap_mg": reduction.cap_mg} if reduction.cap_mg is not None else {}),
    }


def _steps(quantification: Quantification) -> list[dict[str, Any]]:
    """One step for each line of the formula with its exact value, then the one that rounds (down)."""
    formula = quantification.formula
    reduction = formula.reduction
    values = [quantification.inputs[name] for name, _ in reduction.inputs]
    known = {
        name: _measured(value, unit) for (name, unit), value in zip(reduction.inputs, values, strict=True)
    }
    known |= {term.name: _measured(term.value, term.unit) for term in reduction.terms}
    steps = []
    for name, text in reduction.lines:
        exact = exact_text(reduction.line(name, values))
        unit = "mg" if name in (BASELINE, PROJECT) else _unit_of(quantification, name)
        expression = _NAME.sub(lambda place: known.get(place[0], place[0]), text)
        steps.append(
            {"text": _LINES.get(name, _other(name)), "expression": expression, "result": exact, "unit": unit}
        )
        known[name] = f"{exact} {unit}".rstrip()
    steps.append(_last_step(quantification, known))
    return steps


def _measured(value: Any, unit: Unit) -> str:
    """A value with its unit; a bare number stands alone."""
    return f"{value} {unit.text}" if unit.dimensions else str(value)


def _last_step(quantification: Quantification, known: Mapping[str, str]) -> dict[str, Any]:
    difference = known[BASELINE]
    if PROJECT in known:
        difference = f"max(0, {difference} - {known[PROJECT]})"
    discount = quantification.formula.reduction.discount
    less = "" if discount == "0" else f" * (1 - {discount})"
    text = {"zh-CN": "减排量，向下取整到毫克", "en": "Reduction, rounded down to whole mg"}
    result = str(quantification.reduction_mg)
    expression = f"floor({difference}{less})"
    cap = quantification.formula.reduction.cap_mg
    if cap is not None:
        expression = f"min({expression}, {cap})"
    return {"text": text, "expression": expression, "result": result, "unit": "mg"}


def exact_text(ratio: tuple[int, int]) -> str:
    """A ratio exactly: as a decimal where it is one, else as a fraction."""
    above, below = ratio[0] // gcd(*ratio), ratio[1] // gcd(*ratio)
    for places in range(_PLACES_MAX + 1):
        if 10**places % below == 0:
            digits = str(abs(above) * (10**places // below)).zfill(places + 1)
            sign = "-" if above < 0 else ""
            return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
    return f"{above}/{below}"


def _unit_of(quantification: Quantification, line: str) -> str:
    """What a line measures, in smallest units."""
    reduction = quantification.formula.reduction
    of = {name: unit.dimensions for name, unit in reduction.inputs}
    of |= {term.name: term.unit.dimensions for term in reduction.terms}
    for name, text in reduction.lines:
        of[name] = expressions.dimensions(expressions.parse(text), of)
    return " ".join(f"{smallest_name(name)}{power if power != 1 else ''}" for name, power in of[line])


def _other(name: str) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, name)


def _cap(cap: tuple[str, str, int], quantification: Quantification, credits_mg: int) -> dict[str, Any]:
    """A cap on mass was applied when less was credited than computed: the act's when it alone cuts, else
    the day's."""
    per, measure, limit = cap
    applied = measure == "mg" and 0 < credits_mg < quantification.reduction_mg
    if applied:
        act_limit = min([c[2] for c in quantification.caps if c[:2] == ("act", "mg")], default=None)
        cut_by_act = act_limit is not None and quantification.reduction_mg > act_limit
        applied = cut_by_act if per == "act" else not (cut_by_act and credits_mg == act_limit)
    return {"per": per, "measure": measure, "limit": limit, "applied": applied}


def _cap_step(reduction_mg: int, credits_mg: int) -> dict[str, Any]:
    text = {"zh-CN": "不超过上限还剩的部分", "en": "No more than the caps have left"}
    return {
        "text": text,
        "expression": f"min({reduction_mg}, {credits_mg})",
        "result": str(credits_mg),
        "unit": "mg",
    }


def _sentence(
    quantification: Quantification,
    programme: Programme,
    counted_mg: int,
    points: int,
    correction: Mapping[str, Any] | None,
    gives: str,
) -> dict[str, str]:
    act = quantification.methodology.act
    avoided, counted = grams_text(quantification.reduction_mg), grams_text(counted_mg)
    zh = f"{fill(act['zh-CN'], quantification.inputs)}，减排 {avoided} 克"
    en = f"{fill(act['en'], quantification.inputs)}. This avoids {avoided} g of CO2e"
    if not quantification.credits_allowed:
        zh += "；所用因子依据不足，只计积分，不计减排量"
        en += "; its factors are too weakly sourced for credits, so it gives points only"
    elif gives == POINTS:
        zh += "；这样的凭证只计积分，不计减排量"
        en += "; what shows it is too little for credits, so it gives points only"
    if gives == RECORD:
        zh += "；只作记录，不计减排量和积分"
        en += "; it is on record, and gives neither credits nor points"
    elif counted_mg == 0:
        zh += "，未计入"
        en += ", none of which is credited" if quantification.credits_allowed else "; none of it counts"
    elif counted_mg != quantification.reduction_mg:
        zh += f"，按上限计入 {counted} 克"
        en += f", of which the caps let {counted} g count"
    if points:
        zh += f"，得 {points} {programme.unit_name['zh-CN']}"
        en += f", giving {points} {programme.unit_name['en']}"
    if correction:
        before = grams_text(correction["from_mg"])
        zh += f"。因子已更正（{correction['reason']}），更正前计入 {before} 克"
        en += f". A factor was corrected ({correction['reason']}); before, {before} g were credited"
    elif programme.points and counted_mg and points > counted_mg // programme.points.mg_per_point:
        zh += "（含此前不足 1 分的余量）"
        en += " (with what was left over from earlier acts)"
    return {"zh-CN": zh + "。", "en": en + "."}
