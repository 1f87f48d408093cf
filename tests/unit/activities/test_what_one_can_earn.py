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


def act(programme: Programme, behaviour: Behaviour, at: datetime, number: int, *, photo: bool) -> Activity:
    mg, quantity = best(programme, behaviour)
    evidence = (f"E{number}",) if photo else ()
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
        evidence_ids=evidence,
    )


def played(programme: Programme, behaviours: list[Behaviour], *, photo: bool) -> int:
    """What a day takes when each behaviour is told again and again, as early as its window lets it."""
    day = Day(DAY)
    for behaviour in behaviours:
        at = MIDNIGHT
        for number in range(ACTS_TRIED):
            wanted = entry_of(act(programme, behaviour, at, number, photo=photo), behaviour)
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


def told(programme: Programme) -> list[Behaviour]:
    return [each for each in programme.behaviours.values() if each.evidence in ("none", "photo_optional")]


def by_photo(programme: Programme) -> dict[str, int]:
    """mg a day of each behaviour that takes photos, if every photo passed."""
    shown = [each for each in programme.behaviours.values() if each.takes_photos]
    return {each.id: played(programme, [each], photo=True) for each in shown}


def by_steps(programme: Programme) -> int:
    walks = [each for each in programme.behaviours.values() if each.evidence == "steps"]
    return max((min(each.caps.per_day_mg or 0, best(programme, each)[0]) for each in walks), default=0)


def row(programme: Programme) -> str:
    """The programme's line of the table: grams (a gram is a point where there are points)."""
    word = played(programme, told(programme), photo=False)
    photos = by_photo(programme)
    shown = ", ".join(f"{name} {mg / 1000:,.1f}" for name, mg in photos.items()) or "-"
    return f"| `{programme.id}` | {word / 1000:,.1f} | {by_steps(programme) / 1000:,.1f} | {shown} | {sum(photos.values()) / 1000:,.1f} |"


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda each: each.id)
def test_mere_word_gives_twenty_points_a_day_at_most(programme: Programme):
    whole = replace(programme, self_declared_per_day_mg=10**15)
    assert played(programme, told(programme), photo=False) <= 20_000
    if told(programme):
        assert played(whole, told(whole), photo=False) > 20_000, "the bound is what keeps it small"


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda each: each.id)
def test_the_document_says_what_one_can_earn(programme: Programme):
    assert row(programme) in DOCUMENT.read_text(encoding="utf-8")
