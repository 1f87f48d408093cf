"""How much a photo asks for a second look: a score out of named signals, and what follows from it. Pure.

The weights are this project's own choice, not a published scale; a programme owner reads the signals, not the sum.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

REVIEW_FROM = 50
ACT_REPEATED, DAY_LARGE, RANDOM_CHECK = "ACT_REPEATED", "DAY_LARGE", "RANDOM_CHECK"

WEIGHTS = {
    "PHOTO_SIMILAR": 60,  # nearly the same picture as one that was used before
    "CONTENT_REVIEW": 60,  # the platform's check was not sure
    "CONTENT_UNCHECKED": 50,  # no answer from the platform's check in time
    "PHOTO_ALIKE": 20,  # somewhat like one that was used before: a hint
    "PHOTO_FLAT": 50,  # blank or dark: too even to be compared with others
    "PHOTO_ANIMATED": 50,
    "PHOTO_SMALL": 50,
    "MACHINE_FAILED": 60,  # a step of the verification failed on an error that it does not know
    ACT_REPEATED: 50,  # another act of the behaviour lies within its window (identity.json)
    DAY_LARGE: 50,  # by photos the member has had much on this day already (days.PHOTOS_PER_DAY_MG)
    RANDOM_CHECK: 50,  # drawn by chance for a person to see, or of a behaviour that a person always sees
    "TRACK_SIMILAR": 70,  # nearly the track of another act: the same cells in the same rhythm
    "TRACK_WINDING": 50,  # the way is far longer than it reaches: around a block, or a receiver's noise
    "TRACK_ACCURACY_CONSTANT": 50,  # every point states one accuracy, as simulators do
    "LATE_SUBMISSION": 15,  # submitted more than two days after the act
}
REFUSALS = {
    "FILE_MISSING",
    "FILE_CHANGED",
    "FILE_TYPE",
    "PICTURE_TOO_LARGE",
    "EVIDENCE_REUSED",
    "CONTENT_RISKY",
}


class Assessment(NamedTuple):
    """``outcome``: approve, review or refuse (with ``reason_code``)."""

    outcome: str
    score: int
    signals: tuple[str, ...]
    reason_code: str


def assess(checks: Sequence[Mapping[str, Any]], late_days: int) -> Assessment:
    """The assessment of an act from what was found out about each of its pictures.

    A check is ``{"reason_code": str, "signals": [str]}``; a reason code among REFUSALS decides by itself.
    """
    for check in checks:
        if check.get("reason_code") in REFUSALS:
            return Assessment("refuse", 100, (check["reason_code"],), check["reason_code"])
    found = {signal for check in checks for signal in check.get("signals", ())}
    if late_days > 2:
        found.add("LATE_SUBMISSION")
    signals = tuple(sorted(found))
    score = min(100, sum(WEIGHTS[signal] for signal in signals))
    return Assessment("review" if score >= REVIEW_FROM else "approve", score, signals, "")
