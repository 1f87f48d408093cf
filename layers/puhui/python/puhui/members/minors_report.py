"""The yearly report on minors' data (Regulation on the online protection of minors, art. 37): two queries of counters."""

from collections import Counter
from datetime import date, datetime
from typing import Any

from puhui.kernel import clock
from puhui.members.minor_counters import (
    DECLARED,
    ERASURES,
    EXPORTS,
    GRANTED,
    GUARDED,
    GUARDIANS_ADDED,
    GUARDIANS_ENDED,
    WITHDRAWN,
)
from puhui.members.minors import CHILD, TEEN, age_group
from puhui.members.notice import guardian_notice
from puhui.members.repository import Members


def report(year: int, *, members: Members, now: datetime) -> dict[str, Any]:
    """The contract's ``MinorsReport``: what was done in the year; and of today's members those who were minors in it."""
    done = members.minors.of_year(year)
    groups: dict[str, Counter[str]] = {CHILD: Counter(), TEEN: Counter()}
    for born, counts in members.minors.by_birth_year().items():
        if group := age_group(born, date(year, 12, 31)):
            groups[group] += counts
    purposes = sorted(
        {name.removeprefix(kind) for kind in (GRANTED, WITHDRAWN) for name in done if name.startswith(kind)}
    )
    return {
        "year": year,
        "as_of": clock.to_text(now),
        "children": groups[CHILD][DECLARED],
        "children_guarded": groups[CHILD][GUARDED],
        "teens": groups[TEEN][DECLARED],
        **{name: done[name] for name in (GUARDIANS_ADDED, GUARDIANS_ENDED, EXPORTS, ERASURES)},
        "consents": [
            {"purpose": each, "granted": done[GRANTED + each], "withdrawn": done[WITHDRAWN + each]}
            for each in purposes
        ],
        "notice_version": guardian_notice()["version"],
    }
