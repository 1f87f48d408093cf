"""From what is known about an act to a score, a band and the rules that fired. Pure.

| score     | band   | what follows                                                                          |
|-----------|--------|---------------------------------------------------------------------------------------|
| below 30  | credit | credited, or maturing, as its programme says                                          |
| 30 to 59  | hold   | pending for the programme's days; an officer may void it, otherwise the schedule settles it |
| 60 to 79  | review | a person decides                                                                      |
| 80 to 100 | refuse | refused with its reason; its member may appeal                                        |

The score is the sum of the weights of the active rules that fire, and no more than the gravest of them may bring about
(``at_most``), so that one more signal never lowers it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from puhui.activities.risk.rules import ACTIVE, Rule, rules

CREDIT, HOLD, REVIEW, REFUSE = "credit", "hold", "review", "refuse"
_FROM = ((80, REFUSE), (60, REVIEW), (30, HOLD), (0, CREDIT))
_UP_TO = {HOLD: 59, REVIEW: 79, REFUSE: 100}


@dataclass(frozen=True)
class Features:
    """What is known about an act. A number that is not there is not known, and fires nothing. ``before``: the names of rules that
    fired when it was assessed before; they still do, by what they weigh now."""

    signals: Collection[str] = frozenset()
    numbers: Mapping[str, int] = field(default_factory=dict)
    behaviour: str = ""
    before: Collection[str] = ()


class Assessment(NamedTuple):
    """``signals`` are the ids of the active rules that fired; ``rules`` all that fired with their versions, ``shadows`` those that
    were only watched. ``reason_code`` says why an act is refused."""

    score: int
    band: str
    signals: tuple[str, ...]
    rules: tuple[str, ...]
    shadows: tuple[str, ...]
    reason_code: str


def assess(features: Features, known: Sequence[Rule] | None = None) -> Assessment:
    """The assessment by the ``known`` rules, or the layer's."""
    fired = [rule for rule in (rules() if known is None else known) if fires(rule, features)]
    active = sorted((rule for rule in fired if rule.mode == ACTIVE), key=lambda rule: rule.id)
    score = score_of(active)
    refusing = [rule for rule in active if rule.at_most == REFUSE]
    return Assessment(
        score,
        band_of(score),
        tuple(rule.id for rule in active),
        tuple(rule.name for rule in active),
        tuple(sorted(rule.name for rule in fired if rule.mode != ACTIVE)),
        max(refusing, key=lambda rule: rule.weight).reason_code if band_of(score) == REFUSE else "",
    )


def score_of(active: Sequence[Rule]) -> int:
    """The score of these rules together."""
    return min(sum(rule.weight for rule in active), max((_UP_TO[rule.at_most] for rule in active), default=0))


def band_of(score: int) -> str:
    """The band of a score."""
    return next(band for least, band in _FROM if score >= least)


def fires(rule: Rule, features: Features) -> bool:
    """Whether a rule fires."""
    return _KINDS[rule.kind](rule, features) or any(_id(name) == rule.id for name in features.before)


def _id(name: str) -> str:
    return name.partition("@")[0]


def _signal(rule: Rule, features: Features) -> bool:
    return rule.id in features.signals


def _at_least(rule: Rule, features: Features) -> bool:
    number = features.numbers.get(rule.parameters["feature"])
    return number is not None and number >= rule.parameters["at_least"]


def _day_share(rule: Rule, features: Features) -> bool:
    """A young account has had more than its share of a day."""
    given: Mapping[str, Any] = rule.parameters
    age, mg = features.numbers.get("account_days"), features.numbers.get("day_mg")
    if age is None or mg is None or age >= given["days"]:
        return False
    return bool(100 * mg > given["percent"] * given["day_mg"])


def _speed(rule: Rule, features: Features) -> bool:
    """It was faster than its kind of act is."""
    metres, minutes = features.numbers.get("distance_m"), features.numbers.get("minutes")
    limit = rule.parameters["metres_a_minute"].get(features.behaviour)
    return bool(limit and metres is not None and minutes is not None and metres > limit * minutes)


_KINDS: Mapping[str, Callable[[Rule, Features], bool]] = {
    "signal": _signal,
    "at_least": _at_least,
    "day_share": _day_share,
    "speed": _speed,
}
