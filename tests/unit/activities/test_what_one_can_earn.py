"""docs/what-one-can-earn.md, counted again: one member, one day, one programme, everything said and shown that its rules let in."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from puhui.activities.acts.days import Day, entry_of, fit, fit_declared, reported_before
from puhui.activities.acts.identity import window
from puhui.activities.acts.model import Activity
from puhui.activities.errors import CapReached
from puhui.kernel import clock
from puhui.kernel.errors import DomainError
from puhui.kernel.grades import CREDITS, PARTNER, PHOTO, POINTS, RECORD, SELF_DECLARED, STEPS, TRACK, VERIFIED
from puhui.methodologies import api as methodologies
from puhui.programmes import api as programmes
from puhui.programmes.api import Behaviour, Programme

DOCUMENT = Path(__file__).parents[3] / "docs/what-one-can-earn.md"
DAY = date(2026, 11, 20)
MIDNIGHT = clock.day_start(DAY).astimezone(UTC)
ACTS_TRIED = 200
PROGRAMMES = programmes.all_programmes()


def quantities(behaviour: Behaviour) -> Iterator[dict[str, Any]]:
    """The most that may be said, for each of its kinds."""
    most = {name: limits[1] for name, limits in behaviour.bounds.items() if name not in behaviour.optional}
    words = behaviour.choices.items()
    kinds: list[dict[str, str]] = [{}]
    for name, choices in words:
        kinds = [{**kind, name: word} for kind in kinds for word in choices]
    for kind in kinds:
        yield most | kind


def worth(programme: Programme, behaviour: Behaviour, quantity: dict[str, Any]) -> int:
    """What an act of this size avoids, in mg; 0 when it is refused."""
    try:
        return methodologies.quantify(programme, behaviour, quantity, DAY).reduction_mg
    except DomainError:
        return 0


def best(programme: Programme, behaviour: Behaviour) -> tuple[int, dict[str, Any]]:
    """The largest act that is let in: from the most that may be said downwards, until it is plausible."""
    found: list[tuple[int, dict[str, Any]]] = []
    for quantity in quantities(behaviour):
        tried = dict(quantity)
        numbers = [name for name, value in tried.items() if isinstance(value, int)]
        while not (mg := worth(programme, behaviour, tried)) and any(tried[name] > 1 for name in numbers):
            name = max(numbers, key=lambda each: tried[each])
            tried[name] = max(1, tried[name] // 2)
        found.append((mg, tried))
    return max(found, key=lambda each: each[0])


def act(programme: Programme, behaviour: Behaviour, at: datetime, number: int, grade: str) -> Activity:
    mg, quantity = best(programme, behaviour)
    return Activity(
        id=f"A{behaviour.id}{number}",
        member_id="M" * 26,
        programme_id=programme.id,
        behaviour=behaviour.id,
        status="credited",
        occurred_at=at,
        recorded_at=at,
        quantity=quantity,
        credits_mg=mg,
        points=0,
        record={},
        grade=grade,
    )


def played(programme: Programme, behaviours: list[Behaviour], grade: str) -> int:
    """What a day takes when each behaviour is shown so again and again, as early as its window lets it."""
    day = Day(DAY)
    for behaviour in behaviours:
        at = MIDNIGHT
        for number in range(ACTS_TRIED):
            wanted = entry_of(act(programme, behaviour, at, number, grade), behaviour)
            if wanted.mg == 0 or clock.programme_day(at) != DAY:
                break
            at += timedelta(minutes=max(1, wanted.usual, window(behaviour.id).within))
            try:
                fitted = fit(day, wanted, behaviour.caps)
                fitted = fit_declared(day, fitted, programme.self_declared_per_day_mg)
            except CapReached:
                break
            except DomainError:
                continue
            if not reported_before(wanted, [day]):
                day = day.with_entry(fitted)
    return sum(entry.mg for entry in day.entries)


def accepting(programme: Programme, grade: str) -> list[Behaviour]:
    return [each for each in programme.behaviours.values() if grade in each.evidence]


def by_word(programme: Programme) -> int:
    """mg a day of all that a member says."""
    return played(programme, accepting(programme, SELF_DECLARED), SELF_DECLARED)


def by_steps(programme: Programme) -> int:
    walks = [each for each in accepting(programme, STEPS) if each.gives(STEPS) != RECORD]
    return max((min(each.caps.per_day_mg or 0, best(programme, each)[0]) for each in walks), default=0)


def each_by_itself(programme: Programme, grade: str) -> dict[str, int]:
    """mg a day of each behaviour that accepts the grade, if everything was believed."""
    return {each.id: played(programme, [each], grade) for each in accepting(programme, grade)}


def counts_as(programme: Programme, behaviour: Behaviour, grade: str) -> str:
    """Marks what gives points only, by the grade or by its factors."""
    quantified = methodologies.quantify(programme, behaviour, best(programme, behaviour)[1], DAY)
    return "" if behaviour.gives(grade) == CREDITS and quantified.credits_allowed else " (points)"


def listed(programme: Programme, grade: str) -> str:
    shown = each_by_itself(programme, grade)
    return (
        ", ".join(
            f"{name} {mg / 1000:,.1f}{counts_as(programme, programme.behaviours[name], grade)}"
            for name, mg in shown.items()
        )
        or "-"
    )


def row(programme: Programme) -> str:
    """The programme's line of the first table: grams (a gram is a point where there are points)."""
    return f"| `{programme.id}` | {by_word(programme) / 1000:,.1f} | {by_steps(programme) / 1000:,.1f} |"


def rows(programme: Programme) -> list[str]:
    """The programme's lines of the second table, one a grade."""
    return [
        f"| `{programme.id}` | {grade} | {listed(programme, grade)} |"
        for grade in (PHOTO, VERIFIED, TRACK, PARTNER)
        if accepting(programme, grade)
    ]


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda each: each.id)
def test_mere_word_gives_twenty_points_a_day_at_most_and_never_credits(programme: Programme):
    whole = replace(programme, self_declared_per_day_mg=10**15)
    told = accepting(programme, SELF_DECLARED)
    assert by_word(programme) <= 20_000
    assert {each.gives(SELF_DECLARED) for each in told} <= {POINTS}
    if told:
        assert by_word(whole) > 20_000, "the bound is what keeps it small"


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda each: each.id)
def test_the_document_says_what_one_can_earn(programme: Programme):
    text = DOCUMENT.read_text(encoding="utf-8")
    for line in (row(programme), *rows(programme)):
        assert line in text, line
