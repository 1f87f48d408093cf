"""Before a methodology or a factor is published: schema, units, bounds, test vectors. Of the
functions only those that take such a document load this module. Every fault is a DocumentInvalid with the path to it; sizes are bounded, so the
time is too."""

import re
from pathlib import Path
from typing import Any

from puhui.formulas import reductions
from puhui.formulas.expressions import FormulaError
from puhui.formulas.units import Unit, decimal_of, unit
from puhui.kernel.documents import DocumentInvalid, pointer, require_valid
from puhui.kernel.errors import DomainError
from puhui.kernel.schemas import validator
from puhui.methodologies import explanation, registry
from puhui.methodologies.formula import bind
from puhui.methodologies.model import Factor, FactorUse, Methodology

_HERE = Path(__file__).parent
_METHODOLOGY = validator(_HERE / "schema.json")
_FACTOR = validator(_HERE / "factor.schema.json")
_PLACE = re.compile(r"\{[a-z][a-z0-9_]*\}")


def check_document(document: Any) -> Methodology:
    """The methodology of a parsed document: its formula checked for units, bound to the factors that are published now, its test vectors
    run."""
    registry.ask_again()
    require_valid(document, _METHODOLOGY)
    seen: set[str] = set()
    for position, each in enumerate(document["inputs"]):
        if each["name"] in seen:
            raise _fault(("inputs", position, "name"), "这个输入出现了两次", "this input appears twice")
        seen.add(each["name"])
        if "unit" in each:
            _check_unit(each["unit"], ("inputs", position, "unit"))
            if each["min"] > each["max"]:
                raise _fault(("inputs", position, "min"), "min 大于 max", "min is above max")
            if each.get("optional") and each["min"]:
                raise _fault(
                    ("inputs", position, "min"),
                    "可选的输入可以不填，min 须为 0",
                    "an optional input may be left out: its min is 0",
                )
    if "multiply" in document["formula"]:
        _check_terms(document)
    methodology = registry.methodology_from(document)
    for use in methodology.factors:
        _check_choices(use, methodology)
    _check_bounds(methodology)
    _check_texts(document, methodology)
    _check_lines(methodology)
    for position, vector in enumerate(document["test_vectors"]):
        _check_vector(methodology, vector, ("test_vectors", position))
    return methodology


def _check_choices(use: FactorUse, methodology: Methodology) -> None:
    """A factor chosen by an input has a quantity for each of its choices, and no other."""
    if not use.by:
        return
    path = ("formula", "factors", use.name)
    chosen = next((each for each in methodology.inputs if each.name == use.by), None)
    if chosen is None or not chosen.choices:
        raise _fault((*path, "by"), f"{use.by} 不是有选项的输入", f"{use.by} is no input with choices")
    known = ", ".join(chosen.choices)
    if set(use.quantities) != set(chosen.choices):
        raise _fault((*path, "quantities"), f"每个选项都须有一项：{known}", f"needs one for each of {known}")


def _check_bounds(methodology: Methodology) -> None:
    """A bound is on a number, for every so many of another, where an input has these choices."""
    numbers = {name for name, _ in methodology.numbers}
    choices = {each.name: set(each.choices) for each in methodology.inputs if each.choices}
    for position, each in enumerate(methodology.document.get("bounds", ())):
        path = ("bounds", position)
        for member in ("quantity", "per"):
            if member in each and each[member] not in numbers:
                raise _fault(
                    (*path, member),
                    f"{each[member]} 不是数值输入",
                    f"{each[member]} is no number among the inputs",
                )
        for name, words in each.get("when", {}).items():
            if not set(words) <= choices.get(name, set()):
                raise _fault((*path, "when", name), "没有这些选项", "no such choices")
        if each.get("min", 1) > each.get("max", each.get("min", 1)):
            raise _fault((*path, "min"), "min 大于 max", "min is above max")


def _check_texts(document: dict[str, Any], methodology: Methodology) -> None:
    for language, template in document["act"].items():
        if "{" in (rest := _PLACE.sub("", template)) or "}" in rest:
            raise _fault(
                ("act", language),
                "花括号不成对，输入请写作 {name}",
                "a brace stands alone: write {name} for an input",
            )
        try:
            explanation.fill(template, {each.name: 1 for each in methodology.inputs})
        except KeyError as error:
            raise _fault(
                ("act", language), f"{error.args[0]} 不是输入", f"{error.args[0]} is no input"
            ) from None


def _check_lines(methodology: Methodology) -> None:
    """Units agree, divisors are above zero, every name is used, whatever records of a factor are taken."""
    inputs = [(each.name, each.unit, each.least) for each in methodology.inputs if each.unit]
    path: tuple[str | int, ...] = ("formula",)
    try:
        units = {use.name: _unit_of(use) for use in methodology.factors}
        reductions.check(inputs, units, methodology.lines, methodology.discount, _may_be_nothing(methodology))
    except FormulaError as error:
        name, why = error.args
        positions = [position for position, (line, _) in enumerate(methodology.lines) if line == name]
        if "multiply" in methodology.document["formula"]:
            path = ("formula", "multiply")
        elif positions:
            path = ("formula", "lines", positions[0])
        elif name == "discount":
            path = ("formula", "discount")
        raise _fault(path, f"{name}: {why}", f"{name}: {why}") from None


def _may_be_nothing(methodology: Methodology) -> frozenset[str]:
    """The factors of which a published record is zero: nothing is divided by them."""
    return frozenset(
        use.name
        for use in methodology.factors
        for quantity in use.quantities.values()
        if any(each.is_nothing for each in registry.records_of(quantity))
    )


def _unit_of(use: FactorUse) -> Unit:
    """The unit of a factor: one dimension for all its records and choices. Raises FormulaError."""
    found = []
    for quantity in sorted(set(use.quantities.values())):
        records = registry.records_of(quantity)
        if not records:
            raise FormulaError(use.name, f"no factor of {quantity} is published")
        found += [each.unit for each in records]
    if len({each.dimensions for each in found}) > 1:
        raise FormulaError(use.name, "its records measure different things")
    return found[0]


def check_record(record: Any) -> Factor:
    """The factor that one record describes."""
    require_valid(record, _FACTOR)
    _check_unit(record["unit"], ("unit",))
    value = record["value"]
    try:
        decimal_of(value.removeprefix("-"))
    except ValueError:
        raise _fault(
            ("value",),
            "须为十进制小数文本，小数点前最多 12 位、后最多 9 位，如 0.11",
            "must be a decimal of up to 12 digits before and 9 after the point, such as 0.11",
        ) from None
    if value.startswith("-"):
        raise _fault(("value",), "不能小于零", "may not be below zero")
    return registry.factor_from(record)


def _check_terms(document: dict[str, Any]) -> None:
    names = [each["name"] for each in document["inputs"]]
    terms = document["formula"]["multiply"]
    if [term for term in terms if isinstance(term, str)] != names or len(set(names)) != len(names):
        raise _fault(
            ("formula", "multiply"),
            "每个输入依次恰好出现一次，不含其他名称",
            "the inputs stand in it once each, in their order, and no other name does",
        )
    if all(isinstance(term, str) for term in terms):
        raise _fault(("formula", "multiply"), "乘积中没有因子", "the product has no factor")


def _check_vector(methodology: Methodology, vector: dict[str, Any], path: tuple[str | int, ...]) -> None:
    inputs = vector["inputs"]
    needed = {each.name for each in methodology.inputs if not each.optional}
    if not needed <= inputs.keys() <= {each.name for each in methodology.inputs}:
        raise _fault((*path, "inputs"), "与方法学的输入不一致", "these are not the methodology's inputs")
    for each in methodology.inputs:
        value = inputs.get(each.name, 0)
        fits = (
            value in each.choices if each.choices else type(value) is int and each.least <= value <= each.most
        )
        if not fits:
            raise _fault((*path, "inputs", each.name), "超出该输入的范围", "out of the input's bounds")
    place = vector["profile"], vector["region"], vector["occurred_on"]
    whole = {each.name: inputs.get(each.name, 0) for each in methodology.inputs}
    try:
        factors = tuple(registry.factor(use.quantity(whole), *place) for use in methodology.factors)
        result = bind(methodology, factors).milligrams(whole)
    except DomainError as error:
        raise _fault((*path, "profile"), error.text("zh-CN"), error.text("en")) from None
    if result != vector["reduction_mg"]:
        raise _fault((*path, "reduction_mg"), f"按公式计算为 {result}", f"the formula gives {result}")


def _check_unit(text: str, path: tuple[str | int, ...]) -> None:
    try:
        unit(text)
    except ValueError as error:
        raise _fault(path, f"不认识单位 {text}", str(error)) from None


def _fault(path: tuple[str | int, ...], zh: str, en: str) -> DocumentInvalid:
    return DocumentInvalid(pointer(path), {"zh-CN": zh, "en": en})
