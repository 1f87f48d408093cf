"""Formulas are exact: whatever is written, the same as with fractions; never negative; the whole is never less than its parts."""

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from puhui.formulas import expressions
from puhui.formulas.expressions import FormulaError, compiled, parse, scaled
from puhui.formulas.reductions import Reduction, term
from puhui.formulas.units import unit

NUMBERS = st.integers(0, 10**9)
DECIMALS = st.builds(lambda a, b: f"{a}.{b:03}", st.integers(0, 10**6), st.integers(0, 999))


@st.composite
def formulas(draw: Any, depth: int = 4) -> tuple[str, Any]:
    """A formula's text, and the same as a function of Fractions."""
    if depth == 0 or draw(st.booleans()):
        if draw(st.booleans()):
            text = draw(DECIMALS)
            return text, lambda _a, _b, text=text: Fraction(text)
        name = draw(st.sampled_from("ab"))
        return name, lambda a, b, name=name: Fraction(a if name == "a" else b)
    (left, one), (right, two) = draw(formulas(depth - 1)), draw(formulas(depth - 1))
    kind = draw(st.sampled_from(["+", "-", "*", "min", "max", "if"]))
    if kind in ("min", "max"):
        best = min if kind == "min" else max
        return f"{kind}({left}, {right})", lambda a, b: best(one(a, b), two(a, b))
    if kind == "if":
        return (
            f"if({left} < {right}, {left}, {right})",
            lambda a, b: min(two(a, b), one(a, b)),
        )
    work = {"+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y}[kind]
    return f"({left}) {kind} ({right})", lambda a, b: work(one(a, b), two(a, b))


@settings(max_examples=300)
@given(formulas(), NUMBERS, NUMBERS)
def test_a_formula_is_worth_the_same_as_with_fractions(made: tuple[str, Any], a: int, b: int) -> None:
    text, value = made
    try:
        node = parse(text)
    except FormulaError:
        return  # longer or deeper than a formula may be
    assert Fraction(*compiled(node, {"a": scaled(0, 1), "b": scaled(1, 1)})([a, b])) == value(a, b)


@settings(max_examples=500)
@given(st.text(max_size=200))
def test_any_text_is_a_formula_or_is_refused(text: str) -> None:
    try:
        node = parse(text)
    except FormulaError:
        return
    assert expressions.names(node) is not None


@given(
    DECIMALS.filter(lambda d: Fraction(d) > 0),
    DECIMALS.filter(lambda d: Fraction(d) > 0),
    st.integers(0, 99),
    NUMBERS,
)
def test_a_reduction_is_exact_and_never_negative(base: str, own: str, discount: int, metres: int) -> None:
    reduction = Reduction(
        (("d", unit("m")),),
        (term("car", base, "gCO2e/km"), term("own", own, "gCO2e/km")),
        (("baseline", "d * car"), ("project", "d * own")),
        f"0.{discount:02}",
    )
    exact = max(Fraction(0), (Fraction(base) - Fraction(own)) * metres * (1 - Fraction(discount, 100)))
    assert reduction.milligrams([metres]) == exact.__floor__()


@given(DECIMALS.filter(lambda d: Fraction(d) > 0), NUMBERS, NUMBERS)
def test_a_trip_in_two_parts_never_gives_more_than_the_whole(base: str, one: int, two: int) -> None:
    reduction = Reduction((("d", unit("m")),), (term("car", base, "gCO2e/km"),), (("baseline", "d * car"),))
    assert reduction.milligrams([one]) + reduction.milligrams([two]) <= reduction.milligrams([one + two])
