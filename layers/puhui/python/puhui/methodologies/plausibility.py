"""What looks odd in a document that is filed: it is no fault, and the reviewer is told. Pure.

A document is held against what is published: a methodology against those that ask for the same quantities, by its own test
vectors; a factor against the records of its quantity. Whoever files reads the warnings in the answer, and they stay with the
version for those who review it.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cmp_to_key
from typing import Any

from puhui.kernel.documents import pointer
from puhui.kernel.errors import DomainError
from puhui.kernel.quantities import grams_text
from puhui.methodologies import registry
from puhui.methodologies.formula import bind
from puhui.methodologies.model import MARKS_WITHOUT_CREDITS, Factor, Methodology

Warning_ = dict[str, Any]
TIMES_ABOVE = 5  # what is published for one kind of act differs up to elevenfold (a subway trip: 46 to 515.5 g) by programme
FACTOR_TIMES = 3
ACT_MAX_MG = 10**9  # a tonne in one act: what a person in China causes in about six weeks
WARNINGS_MAX = 20


def of_methodology(made: Methodology) -> list[Warning_]:
    """What looks odd in a methodology that was checked."""
    return [*_vectors(made), *_largest(made)][:WARNINGS_MAX]


def _vectors(made: Methodology) -> Iterator[Warning_]:
    peers = [each for each in _published() if each.key != made.key and _asks(each) == _asks(made)]
    if not peers:
        yield _warning(
            "NOTHING_TO_COMPARE_WITH",
            ("inputs",),
            "没有已发布的方法学使用同样的数量，无法比较。",
            "No published methodology asks for the same quantities, so that nothing could be compared.",
        )
    for position, vector in enumerate(made.document["test_vectors"]):
        mg = vector["reduction_mg"]
        found = [(value, peer.key) for peer in peers if (value := _most(peer, vector)) is not None]
        most, key = max(found, default=(0, ""))
        if found and mg > TIMES_ABOVE * most:
            yield _warning(
                "FAR_ABOVE_PUBLISHED",
                ("test_vectors", position, "reduction_mg"),
                f"减排 {grams_text(mg)} 克；已发布的 {key} 对同样的行为最多给 {grams_text(most)} 克。",
                f"Avoids {grams_text(mg)} g; the published {key} gives at most {grams_text(most)} g for the same act.",
            )


def _largest(made: Methodology) -> Iterator[Warning_]:
    """The largest act that the bounds of the inputs allow, by the factors of each test vector."""
    places = {
        (each["profile"], each["region"], each["occurred_on"]) for each in made.document["test_vectors"]
    }
    largest = {each.name: each.choices[0] if each.choices else each.most for each in made.inputs}
    mg = max((_by(made, place, largest) or 0 for place in places), default=0)
    if mg > ACT_MAX_MG:
        yield _warning(
            "LARGE_ACT",
            ("inputs",),
            f"数量都取上限时，一次行为可达 {grams_text(mg)} 克（超过 1 吨）；请收紧上限或设 caps.per_act_mg。",
            f"With every quantity at its most, one act gives {grams_text(mg)} g (over a tonne). Narrow the bounds or set caps.per_act_mg.",
        )


def of_factor(made: Factor, published: Iterable[Factor]) -> list[Warning_]:
    """What looks odd in a factor, beside the published records of its quantity."""
    others = [each for each in published if each.key != made.key]
    found: list[Warning_] = []
    if not others:
        found.append(
            _warning(
                "NOTHING_TO_COMPARE_WITH",
                ("quantity",),
                f"{made.quantity} 还没有已发布的因子，无法比较。",
                f"No factor of {made.quantity} is published, so that nothing could be compared.",
            )
        )
    elif far := _far(made, others):
        found.append(far)
    if made.mark in MARKS_WITHOUT_CREDITS:
        found.append(
            _warning(
                "POINTS_ONLY",
                ("mark",),
                f"依据为 {made.mark}：用它计算的行为只给积分，不给减排量。",
                f"Its mark is {made.mark}: acts counted by it give points, never credits.",
            )
        )
    elif not made.source_url:
        found.append(
            _warning(
                "NO_SOURCE_ADDRESS",
                ("source_url",),
                "没有来源网址，审核者只能按文件名查找。",
                "There is no address of its source: reviewers have only the document's name.",
            )
        )
    return found


def _far(made: Factor, others: list[Factor]) -> Warning_ | None:
    value, of = made.term("it").ratio
    ranked = sorted(others, key=cmp_to_key(_compared))
    low, high = ranked[0], ranked[-1]
    (least, least_of), (most, most_of) = low.term("it").ratio, high.term("it").ratio
    above = value * most_of > FACTOR_TIMES * most * of
    below = FACTOR_TIMES * value * least_of < least * of
    if not (above or below):
        return None
    other = high if above else low
    return _warning(
        "FAR_FROM_PUBLISHED",
        ("value",),
        f"{made.value} {made.unit.text}；已发布的 {other.key} 是 {other.value} {other.unit.text}。",
        f"{made.value} {made.unit.text}; the published {other.key} is {other.value} {other.unit.text}.",
    )


def _compared(one: Factor, other: Factor) -> int:
    (value, of), (second, second_of) = one.term("it").ratio, other.term("it").ratio
    return value * second_of - second * of


def _published() -> Iterator[Methodology]:
    for methodology_id, versions in registry.versions().items():
        for version in versions:
            yield registry.methodology(methodology_id, version)


def _asks(methodology: Methodology) -> frozenset[tuple[str, tuple[str, ...]]]:
    return frozenset((each.name, each.choices) for each in methodology.inputs if not each.optional)


def _most(peer: Methodology, vector: Mapping[str, Any]) -> int | None:
    """The most that a published methodology gives for the same quantities, in any profile; None where it has no factors."""
    profiles = {vector["profile"]}
    for quantity in peer.factor_quantities:
        profiles |= {name for each in registry.records_of(quantity) for name in each.profiles}
    inputs = {each.name: vector["inputs"].get(each.name, 0) for each in peer.inputs}
    places = ((profile, vector["region"], vector["occurred_on"]) for profile in profiles)
    return max((mg for place in places if (mg := _by(peer, place, inputs)) is not None), default=None)


def _by(methodology: Methodology, place: tuple[str, str, str], inputs: Mapping[str, Any]) -> int | None:
    try:
        factors = tuple(registry.factor(use.quantity(inputs), *place) for use in methodology.factors)
        return bind(methodology, factors).milligrams(inputs)
    except DomainError:
        return None


def _warning(code: str, path: tuple[str | int, ...], zh: str, en: str) -> Warning_:
    return {"code": code, "pointer": pointer(path), "text": {"zh-CN": zh, "en": en}}
