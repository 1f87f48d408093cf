"""Why this number: everything a member needs to compute it again by hand, and one sentence in two
languages."""

import re
from collections.abc import Mapping
from math import gcd
from typing import Any

from puhui.kernel.quantities import grams_text
from puhui.methodologies.model import Factor, Input, Programme
from puhui.methodologies.quantification import Quantification
from puhui.methodologies.units import product, smallest_name

LANGUAGES = ("zh-CN", "en")
_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def explain(
    quantification: Quantification, programme: Programme, credits_mg: int, points: int
) -> dict[str, Any]:
    """The contract's Explanation of an act that gave ``credits_mg`` and ``points`` after caps."""
    methodology = quantification.methodology
    steps = _steps(quantification)
    caps = [_cap(cap, quantification, credits_mg) for cap in quantification.caps]
    if any(cap["applied"] for cap in caps):
        steps.append(_cap_step(quantification.reduction_mg, credits_mg))
    return {
        "methodology": {"id": methodology.id, "version": methodology.version, "hash": methodology.hash},
        "formula": methodology.formula,
        "inputs": dict(quantification.inputs),
        "factors": [show_factor(factor) for factor in quantification.formula.factors],
        "steps": steps,
        "caps": caps,
        "credits_mg": credits_mg,
        "points": points,
        "sentence": _sentence(quantification, programme, credits_mg, points),
    }


def show_factor(factor: Factor) -> dict[str, Any]:
    """The contract's Factor: ``value`` in whole smallest units, and ``published`` as the source gives it."""
    shown = {
        "id": factor.id,
        "version": factor.version,
        "name": factor.name,
        "value": factor.whole,
        "unit": factor.unit.smallest,
        "published": {"value": factor.value, "unit": factor.unit.text},
        "region": factor.region,
        "year": factor.year,
        "publisher": factor.publisher,
        "document": factor.document,
        "mark": factor.mark,
        "valid_from": factor.valid_from,
        "credits_allowed": factor.credits_allowed,
    }
    return shown | ({"source_url": factor.source_url} if factor.source_url else {})


def fill(template: str, values: Mapping[str, int]) -> str:
    """``{name}`` replaced by the value of that name; nothing else of the template means anything."""
    return _PLACE.sub(lambda place: str(values[place[1]]), template)


def _steps(quantification: Quantification) -> list[dict[str, Any]]:
    """One multiplication a step, in whole numbers; divisions wait for the last step, so that it alone
    rounds (down)."""
    formula = quantification.formula
    inputs = formula.methodology.inputs
    value, scale, divisor = 1, 1, 1
    for each in inputs:
        value, scale = value * quantification.inputs[each.name], scale * each.unit.scale
    expression = " * ".join(str(quantification.inputs[each.name]) for each in inputs)
    texts = {language: _inputs_text(inputs, quantification.inputs, language) for language in LANGUAGES}
    terms = [each.unit for each in inputs]
    steps = []
    for position, factor in enumerate(formula.factors):
        terms.append(factor.unit)
        common = gcd(scale, factor.unit.per)
        multiplier, divisor = factor.whole * (scale // common), divisor * (factor.unit.per // common)
        value, scale = value * multiplier, 1
        expression = f"{expression} * {multiplier}"
        last = position == len(formula.factors) - 1
        if last and divisor > 1:
            expression, value = f"{expression} / {divisor}", value // divisor
        unit = _unit_of(product(terms)) if last or divisor == 1 else ""
        text = {
            language: f"{texts[language]} × {factor.name[language]} {factor.value} {factor.unit.text}"
            for language in LANGUAGES
        }
        steps.append({"text": text, "expression": expression, "result": value, "unit": unit})
        expression, texts = str(value), dict.fromkeys(LANGUAGES, f"{value} {unit}".rstrip())
    return steps


def _unit_of(dimensions: tuple[tuple[str, int], ...]) -> str:
    if dimensions == (("co2e", 1),):
        return "mg"
    return " ".join(f"{smallest_name(name)}{power if power != 1 else ''}" for name, power in dimensions)


def _inputs_text(inputs: tuple[Input, ...], values: Mapping[str, int], language: str) -> str:
    return " × ".join(
        f"{each.label[language]} {values[each.name]} {'' if each.unit.is_count else each.unit.text}".rstrip()
        for each in inputs
    )


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
        "result": credits_mg,
        "unit": "mg",
    }


def _sentence(
    quantification: Quantification, programme: Programme, credits_mg: int, points: int
) -> dict[str, str]:
    act = quantification.methodology.act
    avoided, counted = grams_text(quantification.reduction_mg), grams_text(credits_mg)
    zh = f"{fill(act['zh-CN'], quantification.inputs)}，减排 {avoided} 克"
    en = f"{fill(act['en'], quantification.inputs)}. This avoids {avoided} g of CO2e"
    if not quantification.credits_allowed:
        zh += "；所用因子依据不足，只计积分，不计减排量"
        en += "; its factors are too weakly sourced for credits, so it gives points only"
    elif credits_mg == 0:
        zh += "，未计入"
        en += ", none of which is credited"
    elif credits_mg != quantification.reduction_mg:
        zh += f"，按上限计入 {counted} 克"
        en += f", of which the caps let {counted} g count"
    if points:
        zh += f"，得 {points} {programme.unit_name['zh-CN']}"
        en += f", giving {points} {programme.unit_name['en']}"
    if programme.points and credits_mg and points > credits_mg // programme.points.mg_per_point:
        zh += "（含此前不足 1 分的余量）"
        en += " (with what was left over from earlier acts)"
    return {"zh-CN": zh + "。", "en": en + "."}
