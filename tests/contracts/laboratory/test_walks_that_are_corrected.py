"""A walk that grows while a correction of its factor is made: neither undoes the other, and the tables agree."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from puhui.activities import steps
from puhui.activities.acts import credit
from puhui.activities.acts.model import Activity
from puhui.activities.tables import Tables as Acts
from puhui.kernel import ids
from puhui.laboratory import corrections
from puhui.laboratory.corrections import Tables, approve
from puhui.ledger.audit import audit
from puhui.ledger.model import member
from tests.contracts.laboratory.test_corrections import DAY, LONG_AGO, LOWER, NOW, run, tables

__all__ = ["tables"]  # the fixture
PROGRAMME = "carbon-88"
HALVED = approve(
    replace(LOWER, factor="step-length-least@1", replacement="a-shorter-step@1"), "approver", NOW
)


@pytest.fixture
def me() -> str:
    return ids.new_id(LONG_AGO)


@pytest.fixture(autouse=True)
def halving(monkeypatch: pytest.MonkeyPatch):
    """The replacement halves what a walk gives."""
    monkeypatch.setattr(corrections, "new_mass", lambda act, _: act.credits_mg // 2_000 * 1_000)


def sync(tables: Tables, me: str, count: int, minutes: int = 0) -> dict[str, Any]:
    day: dict[str, Any] = steps.sync_steps(
        me,
        PROGRAMME,
        [(DAY, count)],
        key=None,
        body_hash="h",
        tables=Acts(tables.activities, tables.ledger),
        now=NOW + timedelta(minutes=minutes),
    )["days"][0]
    return day


def walk(tables: Tables, me: str) -> Activity:
    found = tables.activities.acts.find(me, steps.activity_id_of(me, PROGRAMME, DAY))
    assert found
    return found


def agrees(tables: Tables, me: str) -> bool:
    """Whether the walk says what the ledger says."""
    amounts = tables.ledger.balance(member(me), PROGRAMME).amounts
    said = walk(tables, me)
    counted = {"reduced_mg": said.credits_mg, "points": said.points}
    return {name: amounts[name] for name in counted} == counted and audit(tables.ledger).sound


def test_a_correction_settles_a_walk_whatever_is_synced_later(tables: Tables, me: str):
    sync(tables, me, 40)
    assert run(tables, HALVED) == 1
    settled = walk(tables, me)
    assert (settled.credits_mg, settled.correction["to_mg"]) == (2_000, 2_000)
    for minute, count in enumerate((45, 60, 90), 1):
        answer = sync(tables, me, count, minute)
        assert (answer["credits_mg"], answer["points"], answer["steps"]) == (0, 0, count)
    assert walk(tables, me) == settled
    assert agrees(tables, me)


def test_a_sync_sees_the_correction_that_came_between_its_reading_and_its_writing(
    tables: Tables, me: str, monkeypatch: pytest.MonkeyPatch
):
    sync(tables, me, 40)
    find, corrected = tables.activities.acts.find, []

    def find_and_correct(*key: str) -> Activity | None:
        found = find(*key)
        if not corrected:
            corrected.append(run(tables, HALVED))
        return found

    monkeypatch.setattr(tables.activities.acts, "find", find_and_correct)
    sync(tables, me, 60, 1)
    assert corrected == [1]
    assert walk(tables, me).correction
    assert agrees(tables, me)


def test_a_correction_sees_the_sync_that_came_between_its_reading_and_its_writing(
    tables: Tables, me: str, monkeypatch: pytest.MonkeyPatch
):
    sync(tables, me, 40)
    balance, grown = tables.ledger.balance, []

    def grow_and_read(*place: str) -> Any:
        if not grown:
            grown.append(sync(tables, me, 60, 1))
        return balance(*place)

    monkeypatch.setattr(tables.ledger, "balance", grow_and_read)
    assert run(tables, HALVED) == 1
    correction = walk(tables, me).correction
    assert (correction["from_mg"], correction["to_mg"]) == (6_114, 3_000)
    assert agrees(tables, me)


def test_a_walk_that_made_credits_does_not_grow_by_what_makes_none(
    tables: Tables, me: str, monkeypatch: pytest.MonkeyPatch
):
    sync(tables, me, 40)
    credited = walk(tables, me)
    monkeypatch.setattr(credit, "counted", lambda *_: credit.Counted(points_only=True, record_only=False))
    answer = sync(tables, me, 60, 1)
    assert (answer["credits_mg"], answer["points"]) == (0, 0)
    assert walk(tables, me) == credited
    assert agrees(tables, me)
