"""The language of formulas: what can be said, what it is worth, and what is refused in bounded time."""

import sys
import time
from fractions import Fraction

import pytest

from puhui.formulas import expressions
from puhui.formulas.expressions import FormulaError, compiled, constant, dimensions, parse, scaled
from puhui.formulas.units import unit

INPUTS = {"a": scaled(0, 1), "b": scaled(1, 1), "half": constant((1, 2))}
KM, G_PER_KM = unit("km").dimensions, unit("gCO2e/km").dimensions


def worth(text: str, a: int = 0, b: int = 0) -> Fraction:
    return Fraction(*compiled(parse(text), INPUTS)([a, b]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("12 / 4 / 3", 1),
        ("1 / 3 + 1 / 3 + 1 / 3", 1),
        ("0.1 + 0.2 - 0.3", 0),
        ("a - b", -3),
        ("a * half", 1),
        ("min(a, b)", 2),
        ("max(a, b, 4)", 5),
        ("if(a < b, 10, 20)", 10),
        ("if(a >= b, 10, 20)", 20),
        ("if(a == 2, b, a)", 5),
        ("if(a / b <= 0.4, 1, 0)", 1),
        ("max(a - b, 0) + if(a > b, 1, 2)", 2),
        ("  a*b ", 10),
        ("999999999999.999999999", Fraction(999999999999999999999, 10**9)),
    ],
)
def test_a_formula_is_worth_exactly_what_it_says(text: str, value: Fraction | int):
    assert worth(text, 2, 5) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a +",
        "* a",
        "a b",
        "(a",
        "a)",
        "a ** b",
        "a % b",
        "a // b",
        "-a",
        "1e9",
        "1_000",
        ".5",
        "1.",
        "0x10",
        "9999999999999",
        "0.1234567890",
        "a < b",
        "if(a, b, a)",
        "if(a < b, a)",
        "min(a)",
        "pow(a, b)",
        "__import__('os')",
        "a.b",
        "a[0]",
        "lambda: 1",
        "'a'",
        "a; b",
        "a = 1",
        "A",
        "a\u00d7b",
        "а",  # Cyrillic
        "\uff11",  # a full-width digit
        "min(a, b",
        "max(, b)",
        "if(a << b, 1, 2)",
    ],
)
def test_what_the_language_does_not_know_is_refused(text: str):
    with pytest.raises(FormulaError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * 400 + "a" + ")" * 400,
        "min(" * 120 + "a",
        "a+" * 249 + "a",
        "9" * 500,
        "if(a<a,a," * 50 + "a" + ")" * 50,
        " " * 1_000_000,
    ],
)
def test_a_formula_without_end_is_refused_at_once(text: str):
    limit = sys.getrecursionlimit()
    started = time.process_time()
    with pytest.raises(FormulaError):
        parse(text)
    assert time.process_time() - started < 0.5  # a bound, far above what it takes
    assert sys.getrecursionlimit() == limit


def test_the_deepest_and_the_longest_formula_that_is_allowed_can_be_computed():
    deep = "(" * 19 + "a" + ")" * 19
    assert worth(deep, 7) == 7
    long = "+".join(["a"] * 60)
    assert worth(long, 1) == 60


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("distance * car", (("co2e", 1),)),
        ("distance / distance", ()),
        ("max(distance, distance) * car", (("co2e", 1),)),
        ("distance * 2", KM),
        ("if(distance > distance, car, car)", G_PER_KM),
        ("max(distance - distance, 0)", KM),
        ("max(0, car)", G_PER_KM),
        ("if(distance > 0, 0, car)", G_PER_KM),
        ("if(0.0 < car, distance, 0)", KM),
    ],
)
def test_a_formula_measures_what_its_terms_do(text: str, of: expressions.Dimensions):
    assert dimensions(parse(text), {"distance": KM, "car": G_PER_KM}) == of


@pytest.mark.parametrize(
    "text",
    [
        "distance + car",
        "max(distance, car)",
        "if(distance < car, 1, 2)",
        "if(1 < 2, distance, car)",
        "distance + 1",
        "max(distance, 0 * car)",
        "if(distance > 0.1, 1, 2)",
    ],
)
def test_grams_are_not_added_to_kilometres(text: str):
    with pytest.raises(FormulaError):
        dimensions(parse(text), {"distance": KM, "car": G_PER_KM})


def test_a_name_that_nobody_defined_is_told():
    with pytest.raises(FormulaError, match="lorry"):
        dimensions(parse("distance * lorry"), {"distance": KM})


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("a", True),
        ("z", False),
        ("a * 2", True),
        ("a - 1", False),
        ("z + a", False),
        ("a + 1", True),
        ("max(a, z)", False),
        ("if(z > a, a, 1)", True),
        ("if(z > a, a, z)", False),
        ("0", False),
        ("0.0", False),
    ],
)
def test_only_what_is_above_zero_whatever_the_inputs_may_divide(text: str, positive: bool):
    assert expressions.is_positive(parse(text), frozenset({"a"})) is positive
