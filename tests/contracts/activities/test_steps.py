"""Steps are credited by day, only for what they add, and in one programme."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from puhui.activities import steps
from puhui.activities.acts.model import CREDITED, MATURING, Activity
from puhui.activities.claims.collecting import collect
from puhui.kernel.errors import IdempotencyKeyReused
from tests.contracts.activities.conftest import NOW, Acts

TODAY = date(2026, 11, 20)


def sync(
    acts: Acts,
    walked: list[tuple[date, int]],
    key: str | None = None,
    programme: str = "carbon-88",
    body: str = "b",
    now: datetime = NOW,
) -> dict[str, Any]:
    return steps.sync_steps(
        acts.member_id, programme, walked, key=key, body_hash=body, tables=acts.tables, now=now
    )


def test_thirty_one_days_are_credited_in_one_request_each_within_its_cap(acts: Acts):
    days = [(TODAY - timedelta(days=n), 8_000 + n) for n in range(31)]
    answer = sync(acts, days, key="first")
    assert answer["credits_mg"] == 31 * 10_000
    assert answer["points"] == acts.points() == 310
    assert {day["reason_code"] for day in answer["days"]} == {"CAP_REACHED"}
    assert acts.sound()


def test_the_same_steps_again_add_nothing(acts: Acts):
    sync(acts, [(TODAY, 50)])
    again = sync(acts, [(TODAY, 50)])
    assert (again["credits_mg"], again["points"]) == (0, 0)
    assert acts.sound()


def test_a_growing_day_is_credited_for_what_it_grew_by_and_a_shrinking_one_keeps_its_number(acts: Acts):
    first = sync(acts, [(TODAY, 40)])["credits_mg"]
    second = sync(acts, [(TODAY, 90)])["credits_mg"]
    whole = sync(Acts(acts.tables, acts.shelf, "0" * 26), [(TODAY, 90)])["credits_mg"]
    assert first + second == whole
    lower = sync(acts, [(TODAY, 10)])
    assert (lower["credits_mg"], lower["days"][0]["steps"]) == (0, 90)
    activity = acts.tables.activities.acts.find(acts.member_id, first_id(acts))
    assert activity is not None
    assert (activity.credits_mg, activity.quantity) == (whole, {"steps": 90})
    assert acts.sound()


def first_id(acts: Acts) -> str:
    return steps.activity_id_of(acts.member_id, "carbon-88", TODAY)


def test_a_days_steps_count_in_one_programme(acts: Acts):
    sync(acts, [(TODAY, 60)])
    other = sync(acts, [(TODAY, 90)], programme="walk-and-win")
    assert other["days"][0]["reason_code"] == "CLAIMED_ELSEWHERE"
    assert other["credits_mg"] == 0


def test_a_key_brings_back_the_first_answer(acts: Acts):
    first = sync(acts, [(TODAY, 60)], key="k")
    sync(acts, [(TODAY, 80)], key="l")
    assert sync(acts, [(TODAY, 60)], key="k") == first
    with pytest.raises(IdempotencyKeyReused):
        sync(acts, [(TODAY, 60)], key="k", body="other")


def test_a_day_nobody_can_walk_is_left_out_and_the_others_count(acts: Acts):
    answer = sync(acts, [(TODAY, 150_000), (TODAY - timedelta(days=1), 8_000)])
    assert [day.get("reason_code") for day in answer["days"]] == ["STEPS_IMPLAUSIBLE", "CAP_REACHED"]
    assert answer["credits_mg"] == 10_000


@pytest.fixture
def halve(monkeypatch: pytest.MonkeyPatch):
    """Halves, when it is called, what a walk gives: a lower factor that comes into force in the middle of a day."""
    quantify = steps.methodologies.quantify

    def halved(*act: Any) -> Any:
        found = quantify(*act)
        return replace(found, reduction_mg=found.reduction_mg // 2)

    return lambda: monkeypatch.setattr(steps.methodologies, "quantify", halved)


def walk(acts: Acts, programme: str = "carbon-88") -> Activity:
    activity_id = steps.activity_id_of(acts.member_id, programme, TODAY)
    found = acts.tables.activities.acts.find(acts.member_id, activity_id)
    assert found
    return found


def test_a_lower_factor_in_mid_day_takes_nothing_and_pays_nothing_twice(acts: Acts, halve: Any):
    first = sync(acts, [(TODAY, 80)])
    before = walk(acts)
    halve()
    for count in (81, 120):  # by the new factor less than before
        day = sync(acts, [(TODAY, count)])["days"][0]
        assert (day["points"], day["steps"], walk(acts)) == (0, count, before)
    day = sync(acts, [(TODAY, 190)])["days"][0]
    assert (
        first["points"] + day["points"] == acts.points() == walk(acts).points == 9
    )  # 190 steps are 9,680 mg now
    assert walk(acts).quantity == {"steps": 190}
    assert acts.sound()


def test_a_walk_that_waits_keeps_what_it_promised_under_a_lower_factor(acts: Acts, halve: Any):
    maas = "beijing-maas"
    sync(acts, [(TODAY, 80)], programme=maas)
    waiting = walk(acts, maas)
    halve()
    day = sync(acts, [(TODAY, 81)], programme=maas)["days"][0]
    assert (day["credits_mg"], walk(acts, maas)) == (0, waiting)
    assert waiting.matured_at
    collected = collect(acts.member_id, waiting.id, tables=acts.tables, now=waiting.matured_at)
    assert (collected.status, collected.credits_mg) == (CREDITED, waiting.credits_mg)
    assert acts.sound()


def test_a_walk_that_waits_goes_on_waiting_where_acts_are_credited_at_once_from_now_on(
    acts: Acts, monkeypatch: pytest.MonkeyPatch
):
    maas = "beijing-maas"
    sync(acts, [(TODAY, 80)], programme=maas)
    waiting = walk(acts, maas)
    monkeypatch.setattr(steps._Sync, "collects", False)
    day = sync(acts, [(TODAY, 90)], programme=maas)["days"][0]
    assert day["reason_code"] == "CLAIM_CLOSED"
    assert (walk(acts, maas), waiting.status) == (waiting, MATURING)
    assert acts.sound()
