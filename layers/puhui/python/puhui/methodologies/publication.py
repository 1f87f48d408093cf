"""Before a methodology or a list of factors is published: schema, units, bounds, test vectors. Functions
never import this module. Every fault is a DocumentInvalid with the path to it; sizes are bounded, so the
time is too."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from puhui.kernel.documents import DocumentInvalid, parse, pointer, require_valid
from puhui.kernel.errors import DomainError
from puhui.methodologies import explanation, registry
from puhui.methodologies.formula import bind
from puhui.methodologies.model import Factor, Methodology
from puhui.methodologies.units import smallest_units, unit

_HERE = Path(__file__).parent
_METHODOLOGY = Draft202012Validator(json.loads((_HERE / "schema.json").read_bytes()))
_FACTORS = Draft202012Validator(json.loads((_HERE / "factors.schema.json").read_bytes()))


def check_methodology(text: bytes) -> Methodology:
    """The methodology in ``text``, its formula bound to published factors and its test vectors run."""
    document = parse(text)
    require_valid(document, _METHODOLOGY)
    for position, each in enumerate(document["inputs"]):
        _check_unit(each["unit"], ("inputs", position, "unit"))
        if each["min"] > each["max"]:
            raise _fault(("inputs", position, "min"), "min is above max")
    _check_terms(document)
    methodology = registry.methodology_from(document)
    for position, vector in enumerate(document["test_vectors"]):
        _check_vector(methodology, vector, ("test_vectors", position))
    return methodology


def check_factors(text: bytes) -> tuple[Factor, ...]:
    """The factor records in ``text``."""
    document = parse(text)
    require_valid(document, _FACTORS)
    seen: set[tuple[str, str]] = set()
    for position, record in enumerate(document["factors"]):
        path = ("factors", position)
        if (key := (record["id"], record["version"])) in seen:
            raise _fault((*path, "version"), "this version stands twice")
        seen.add(key)
        _check_unit(record["unit"], (*path, "unit"))
        try:
            smallest_units(record["value"], unit(record["unit"]))
        except ValueError as error:
            raise _fault((*path, "value"), str(error)) from None
    return tuple(registry.factor_from(record) for record in document["factors"])


def _check_terms(document: dict[str, Any]) -> None:
    names = [each["name"] for each in document["inputs"]]
    terms = document["formula"]["multiply"]
    if [term for term in terms if isinstance(term, str)] != names or len(set(names)) != len(names):
        raise _fault(
            ("formula", "multiply"),
            "the inputs stand in it once each, in their order, and no other name does",
        )
    if all(isinstance(term, str) for term in terms):
        raise _fault(("formula", "multiply"), "the product has no factor")
    for language, template in document["act"].items():
        try:
            explanation.fill(template, dict.fromkeys(names, 1))
        except KeyError as error:
            raise _fault(("act", language), f"{error.args[0]} is no input") from None


def _check_vector(methodology: Methodology, vector: dict[str, Any], path: tuple[str | int, ...]) -> None:
    inputs = vector["inputs"]
    if inputs.keys() != {each.name for each in methodology.inputs}:
        raise _fault((*path, "inputs"), "these are not the methodology's inputs")
    for each in methodology.inputs:
        if not each.least <= inputs[each.name] <= each.most:
            raise _fault((*path, "inputs", each.name), "out of the input's bounds")
    place = vector["profile"], vector["region"], vector["occurred_on"]
    try:
        factors = tuple(registry.factor(name, *place) for name in methodology.factor_quantities)
        result = bind(methodology, factors).milligrams(inputs)
    except DomainError as error:
        raise _fault(("formula", "multiply"), error.text("en")) from None
    except ValueError as error:
        raise _fault(("formula", "multiply"), str(error)) from None
    if result != vector["reduction_mg"]:
        raise _fault((*path, "reduction_mg"), f"the formula gives {result}")


def _check_unit(text: str, path: tuple[str | int, ...]) -> None:
    try:
        unit(text)
    except ValueError as error:
        raise _fault(path, str(error)) from None


def _fault(path: tuple[str | int, ...], detail: str) -> DocumentInvalid:
    return DocumentInvalid(pointer=pointer(path), detail=detail)
