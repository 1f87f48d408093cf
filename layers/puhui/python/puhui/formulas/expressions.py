"""A small language for formulas: exact, checked for units, total.

    max(distance_m * car - distance_m * ev_use * grid, 0)
    if(consumed_wh < days * city, city * days, own_mean * days)

A value is a ratio of whole numbers (no floats, no rounding before the end). Names are inputs, factors or earlier lines.
``+ - * /``, brackets, ``min``, ``max``, and ``if(a < b, then, else)`` with ``< <= > >= ==``; numbers are plain decimals.
Nothing else can be said, so that a formula always ends, and its cost is bounded by its length. (The well-kept languages of
this kind, CEL and JSONLogic, count in binary floats.)
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

TEXT_MAX = 500
DEPTH_MAX = 20
NODES_MAX = 120
Dimensions = tuple[tuple[str, int], ...]
Ratio = tuple[int, int]  # numerator and denominator; the denominator is above zero
Value = Callable[[Sequence[int]], Ratio]
COMPARISONS = ("<=", ">=", "==", "<", ">")
_TOKEN = re.compile(r"\s*(?:([0-9]{1,12}(?:\.[0-9]{1,9})?)|([a-z][a-z0-9_]{0,63})|(<=|>=|==|[-+*/(),<>]))")


class FormulaError(ValueError):
    """The formula is wrong; the message says what and where."""


class Number(NamedTuple):
    """A plain decimal, as a ratio."""

    value: Ratio


class Name(NamedTuple):
    """An input, a factor or an earlier line."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """``+ - * /``, ``min`` or ``max`` of two terms."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Choice:
    """``if(left comparison right, then, otherwise)``."""

    comparison: str
    left: "Node"
    right: "Node"
    then: "Node"
    otherwise: "Node"


Node = Number | Name | Operation | Choice


def parse(text: str) -> Node:
    """The formula in ``text``. Raises FormulaError."""
    if len(text) > TEXT_MAX:
        raise FormulaError(f"a formula has at most {TEXT_MAX} characters")
    reader = _Reader(text)
    node = reader.sum(0)
    if reader.symbol:
        raise FormulaError(f"nothing may follow here: {reader.symbol!r}")
    return node


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._at = 0
        self._nodes = 0
        self.symbol = ""
        self._kind = 0
        self._next()

    def _next(self) -> str:
        """Step over the token; what it was."""
        before = self.symbol
        if self._at == len(self._text):
            self.symbol, self._kind = "", 0
            return before
        found = _TOKEN.match(self._text, self._at)
        if not found:
            raise FormulaError(f"nobody knows what this means: {self._text[self._at :][:20]!r}")
        self._at, self._kind = found.end(), found.lastindex or 0
        self.symbol = found[self._kind]
        return before

    def _take(self, symbol: str) -> None:
        if self.symbol != symbol or self._kind != 3:
            raise FormulaError(f"{symbol!r} is needed before {self.symbol or 'the end'!r}")
        self._next()

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > NODES_MAX:
            raise FormulaError(f"a formula has at most {NODES_MAX} parts")

    def sum(self, depth: int) -> Node:
        return self._chain(("+", "-"), self._product, depth)

    def _product(self, depth: int) -> Node:
        return self._chain(("*", "/"), self._term, depth)

    def _chain(self, operators: tuple[str, str], part: Callable[[int], Node], depth: int) -> Node:
        node = part(depth)
        while self._kind == 3 and self.symbol in operators:
            operator = self._next()
            self._count()
            node = Operation(operator, node, part(depth))
        return node

    def _term(self, depth: int) -> Node:
        if depth > DEPTH_MAX:
            raise FormulaError(f"brackets are nested more than {DEPTH_MAX} deep")
        self._count()
        match self._kind:
            case 1:
                return Number(ratio_of(self._next()))
            case 2:
                name = self._next()
                return self._call(name, depth + 1) if self.symbol == "(" else Name(name)
            case 3 if self.symbol == "(":
                self._next()
                node = self.sum(depth + 1)
                self._take(")")
                return node
        raise FormulaError(f"a number, a name or a bracket is needed before {self.symbol or 'the end'!r}")

    def _call(self, function: str, depth: int) -> Node:
        self._take("(")
        if function == "if":
            return self._choice(depth)
        if function not in ("min", "max"):
            raise FormulaError(f"{function} is no function: there are min, max and if")
        node = self.sum(depth)
        self._take(",")
        node = Operation(function, node, self.sum(depth))
        while self.symbol == ",":
            self._next()
            self._count()
            node = Operation(function, node, self.sum(depth))
        self._take(")")
        return node

    def _choice(self, depth: int) -> Node:
        left = self.sum(depth)
        if self.symbol not in COMPARISONS:
            raise FormulaError(f"if() begins with a comparison; {self.symbol or 'the end'!r} is none")
        comparison = self._next()
        right = self.sum(depth)
        self._take(",")
        then = self.sum(depth)
        self._take(",")
        otherwise = self.sum(depth)
        self._take(")")
        return Choice(comparison, left, right, then, otherwise)


def ratio_of(decimal: str) -> Ratio:
    """A plain decimal as a ratio: ``0.05`` is (5, 100)."""
    whole, _, decimals = decimal.partition(".")
    return int(whole + decimals), 10 ** len(decimals)


def names(node: Node) -> frozenset[str]:
    """Every name in the formula."""
    match node:
        case Number():
            return frozenset()
        case Name(name):
            return frozenset({name})
        case Operation(_, left, right):
            return names(left) | names(right)
        case Choice(_, left, right, then, otherwise):
            return names(left) | names(right) | names(then) | names(otherwise)


# Units


def dimensions(node: Node, of: Mapping[str, Dimensions]) -> Dimensions:
    """What the formula measures. Raises FormulaError for an unknown name, and where unlike things are added or compared."""
    match node:
        case Number():
            return ()
        case Name(name):
            if name not in of:
                raise FormulaError(f"{name} is neither an input nor a factor nor an earlier line")
            return of[name]
        case Operation("*" | "/" as operator, left, right):
            return _multiplied(dimensions(left, of), dimensions(right, of), 1 if operator == "*" else -1)
        case Operation(operator, left, right):
            return _alike(left, right, of, operator)
        case Choice(comparison, left, right, then, otherwise):
            _alike(left, right, of, comparison)
            return _alike(then, otherwise, of, "if")


def _multiplied(left: Dimensions, right: Dimensions, sign: int) -> Dimensions:
    powers = dict(left)
    for dimension, power in right:
        powers[dimension] = powers.get(dimension, 0) + sign * power
    return tuple(sorted((dimension, power) for dimension, power in powers.items() if power))


def _alike(left: Node, right: Node, of: Mapping[str, Dimensions], operator: str) -> Dimensions:
    """What both measure. A plain 0 is nothing of whatever kind, so that it can be compared with anything."""
    measured, other = dimensions(left, of), dimensions(right, of)
    if _is_zero(right):
        return measured
    if measured != other and not _is_zero(left):
        raise FormulaError(f"{operator} takes two of the same kind, not {shown(measured)} and {shown(other)}")
    return other


def _is_zero(node: Node) -> bool:
    return isinstance(node, Number) and node.value[0] == 0


def shown(of: Dimensions) -> str:
    """Dimensions in words."""
    return " ".join(f"{name}^{power}" if power != 1 else name for name, power in of) or "a bare number"


def is_positive(node: Node, positive: frozenset[str]) -> bool:
    """Whether the formula is above zero whatever the inputs: only such may be below a division line."""
    match node:
        case Number((value, _)):
            return value > 0
        case Name(name):
            return name in positive
        case Operation("+" | "*" | "/" | "min" | "max", left, right):
            return is_positive(left, positive) and is_positive(right, positive)
        case Choice(_, _, _, then, otherwise):
            return is_positive(then, positive) and is_positive(otherwise, positive)
    return False


def cost(node: Node, of: Mapping[str, int]) -> int:
    """How many numbers and names are looked up for one value, where a line (``of``: its own cost) is worked out again
    wherever its name is. The length of the numbers grows with it as well."""
    match node:
        case Name(name):
            return of.get(name, 1)
        case Operation(_, left, right):
            return cost(left, of) + cost(right, of)
        case Choice(_, left, right, then, otherwise):
            return sum(cost(part, of) for part in (left, right, then, otherwise))
    return 1


def divisors(node: Node) -> list[Node]:
    """Everything below a division line."""
    match node:
        case Operation(operator, left, right):
            return [*divisors(left), *divisors(right), *([right] if operator == "/" else [])]
        case Choice(_, left, right, then, otherwise):
            return [*divisors(left), *divisors(right), *divisors(then), *divisors(otherwise)]
    return []


# Evaluation


def compiled(node: Node, of: Mapping[str, Value]) -> Value:
    """The formula as a function of the inputs' values in their order. ``of``: what each name means."""
    match node:
        case Number(ratio):
            return lambda _: ratio
        case Name(name):
            return of[name]
        case Operation(operator, left, right):
            return _OPERATIONS[operator](compiled(left, of), compiled(right, of))
        case Choice(comparison, left, right, then, otherwise):
            parts = [compiled(part, of) for part in (left, right, then, otherwise)]
            return _choice(comparison, *parts)


def constant(ratio: Ratio) -> Value:
    """A name with one meaning."""
    return lambda _: ratio


def scaled(position: int, scale: int, per: int = 1) -> Value:
    """The input at ``position``, in the smallest unit of its kind: ``scale`` of them for every ``per``."""
    return lambda inputs: (inputs[position] * scale, per)


def _add(left: Value, right: Value) -> Value:
    def value(inputs: Sequence[int]) -> Ratio:
        a, b = left(inputs)
        c, d = right(inputs)
        return (a + c, b) if b == d else (a * d + c * b, b * d)

    return value


def _subtract(left: Value, right: Value) -> Value:
    def value(inputs: Sequence[int]) -> Ratio:
        a, b = left(inputs)
        c, d = right(inputs)
        return (a - c, b) if b == d else (a * d - c * b, b * d)

    return value


def _multiply(left: Value, right: Value) -> Value:
    def value(inputs: Sequence[int]) -> Ratio:
        a, b = left(inputs)
        c, d = right(inputs)
        return a * c, b * d

    return value


def _divide(left: Value, right: Value) -> Value:
    def value(inputs: Sequence[int]) -> Ratio:
        a, b = left(inputs)
        c, d = right(inputs)
        if c <= 0:
            raise FormulaError("a division by what is not above zero")
        return a * d, b * c

    return value


def _least(left: Value, right: Value) -> Value:
    def value(inputs: Sequence[int]) -> Ratio:
        a, b = left(inputs)
        c, d = right(inputs)
        return (a, b) if a * d <= c * b else (c, d)

    return value


def _most(left: Value, right: Value) -> Value:
    def value(inputs: Sequence[int]) -> Ratio:
        a, b = left(inputs)
        c, d = right(inputs)
        return (a, b) if a * d >= c * b else (c, d)

    return value


_OPERATIONS = {"+": _add, "-": _subtract, "*": _multiply, "/": _divide, "min": _least, "max": _most}
_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}


def _choice(comparison: str, left: Value, right: Value, then: Value, otherwise: Value) -> Value:
    holds = _HOLDS[comparison]

    def value(inputs: Sequence[int]) -> Ratio:
        a, b = left(inputs)
        c, d = right(inputs)
        return then(inputs) if holds(a * d, c * b) else otherwise(inputs)

    return value
