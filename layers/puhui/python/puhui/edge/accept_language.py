"""Which language a caller reads, from Accept-Language by its weights (RFC 9110, 12.5.4)."""

import re

from puhui.kernel.languages import CHINESE, ENGLISH

HEADER_MAX = 1000
_WEIGHT = re.compile(r"\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)


def preferred(header: str) -> str:
    """The language of ours with the greatest weight, the earlier one of two alike; Chinese when none of ours is wanted."""
    weights: dict[str, float] = {}
    for part in header[:HEADER_MAX].split(","):
        tag, _, parameter = part.partition(";")
        weight = _weight(parameter)
        for language in _ours(tag.strip().lower()):
            weights[language] = max(weight, weights.get(language, 0.0))
    anything = weights.pop("*", 0.0)
    rest = [each for each in (CHINESE, ENGLISH) if each not in weights]
    weights |= dict.fromkeys(rest, anything)
    best = max(weights.values())
    return next(each for each, weight in weights.items() if weight == best) if best else CHINESE


def _ours(tag: str) -> tuple[str, ...]:
    main = tag.split("-", maxsplit=1)[0]
    return {"zh": (CHINESE,), "en": (ENGLISH,), "*": ("*",)}.get(main, ())


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    given = _WEIGHT.fullmatch(parameter)
    return float(given[1]) if given else 0.0
