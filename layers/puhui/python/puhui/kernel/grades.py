"""Grades of evidence: what shows that an act happened, and what a grade may give. Pure words, the same for methodologies, programmes
and acts.

| grade           | what shows the act                                              | may make credits |
|-----------------|-----------------------------------------------------------------|------------------|
| `self_declared` | the member's word                                               | never            |
| `steps`         | a device: WeRun's daily steps, which any script can set         | never            |
| `photo`         | photos, checked by a machine, a random share by a person        | yes              |
| `track`         | a device: a plausible track of a trip                           | yes              |
| `partner`       | a record that a data partner signed                             | yes              |
| `verified`      | photos that a person, or a third party, always looks at         | yes              |

A methodology's document lists what may show its acts (``evidence``); a programme says of each behaviour which grades it accepts and
what each gives: credits, points (of mg that never become credits), or a record of the act and nothing more.
"""

from collections.abc import Collection

SELF_DECLARED, STEPS, PHOTO, TRACK, PARTNER, VERIFIED = (
    "self_declared",
    "steps",
    "photo",
    "track",
    "partner",
    "verified",
)
GRADES = (SELF_DECLARED, STEPS, PHOTO, TRACK, PARTNER, VERIFIED)  # weakest first
MAKE_CREDITS = frozenset({PHOTO, TRACK, PARTNER, VERIFIED})
CREDITS, POINTS, RECORD = "credits", "points", "record"  # what a grade gives
GIVES = (CREDITS, POINTS, RECORD)
_SHOWN_BY = {
    "photo": frozenset({PHOTO, VERIFIED}),
    "device": frozenset({TRACK}),
    "track": frozenset({TRACK}),
    "partner": frozenset({PARTNER}),
    "verified": frozenset({VERIFIED}),
}


def making_credits(evidence: Collection[str]) -> frozenset[str]:
    """The grades that make credits by a methodology whose document lists this evidence; the first published versions list none."""
    if not evidence:
        return MAKE_CREDITS
    return frozenset().union(*(_SHOWN_BY.get(each, frozenset()) for each in evidence))


def stronger(grade: str, other: str) -> bool:
    """Whether the first grade shows an act better than the second."""
    return GRADES.index(grade) > GRADES.index(other)
