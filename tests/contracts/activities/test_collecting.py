"""An act matures, waits for its owner, and is collected once or lapses: with every race and repetition."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from puhui.activities import reading, scheduled_checks, steps, verification
from puhui.activities.acts.model import Activity
from puhui.activities.claims import collecting
from puhui.activities.errors import (
    ActivityNotFound,
    ClaimExpired,
    NothingToCollect,
    NotMature,
    OccurredTooLongAgo,
)
from puhui.activities.tables import Tables
from puhui.kernel.errors import Unavailable
from puhui.store import aws
from puhui.store.client import DynamoDB
from tests.contracts.activities.conftest import NOW, Acts
from tests.unit.activities.test_pictures_and_risk import photo

pytestmark = pytest.mark.usefixtures("engine")  # on every engine there is

DAY = timedelta(days=1)
RIPE, LAPSED = NOW + DAY, NOW + 4 * DAY


def ride(forest: Acts, **more: Any) -> Activity:
    """2 km: 500 g, 500 points."""
    return forest.record("cycling", quantity={"distance_m": 2_000}, **more)


def collect(forest: Acts, activity: Activity, now: Any = RIPE) -> Activity:
    return collecting.collect(forest.member_id, activity.id, tables=forest.tables, now=now)


def seen(forest: Acts, activity: Activity, now: Any) -> dict[str, Any]:
    stored = reading.get_activity(forest.member_id, activity.id, activities=forest.tables.activities)
    return reading.activity_body(stored, now)


def pending(forest: Acts) -> int:
    return forest.balance().amounts.get("pending_mg", 0)


def test_an_act_matures_then_waits_then_is_its_owners(forest: Acts):
    activity = ride(forest)
    assert reading.activity_body(activity, NOW) | {"id": ""} == {
        "id": "",
        "programme_id": "ant-forest",
        "behaviour": "cycling",
        "title": {"zh-CN": "骑车代替开车", "en": "Cycling instead of driving"},
        "status": "maturing",
        "grade": "self_declared",
        "credits_mg": 500_000,
        "points": 0,
        "occurred_at": "2026-11-20T12:00:00+08:00",
        "matured_at": "2026-11-21T12:00:00+08:00",
        "collect_by": "2026-11-24T12:00:00+08:00",
        "taken_mg": 0,
    }
    assert (pending(forest), forest.points()) == (500_000, 0)
    assert seen(forest, activity, RIPE - timedelta(seconds=1))["status"] == "maturing"
    assert seen(forest, activity, RIPE)["status"] == "pending"
    collected = collect(forest, activity)
    assert (collected.status, collected.points) == ("credited", 500)
    assert forest.tables.ledger.transfer(f"member:{forest.member_id}", collected.entry_id) is not None
    assert (pending(forest), forest.points()) == (0, 500)
    assert forest.balance().amounts["reduced_mg"] == 500_000
    assert forest.sound()


def test_collecting_again_gives_the_same_answer(forest: Acts):
    activity = ride(forest)
    first = collect(forest, activity)
    assert collect(forest, activity, LAPSED + DAY) == first
    assert forest.points() == 500
    assert forest.sound()


def test_before_its_time_nothing_is_collected_and_the_member_is_told_when(forest: Acts):
    activity = ride(forest)
    with pytest.raises(NotMature) as refused:
        collect(forest, activity, RIPE - timedelta(seconds=1))
    assert refused.value.details["at"] == "2026-11-21T12:00:00+08:00"
    assert (pending(forest), forest.points()) == (500_000, 0)


def test_after_its_time_whoever_comes_first_ends_it_and_its_hold(forest: Acts):
    activity = ride(forest)
    shown = seen(forest, activity, LAPSED)
    assert (shown["status"], shown["reason_code"], shown["credits_mg"]) == ("expired", "NOT_COLLECTED", 0)
    assert pending(forest) == 500_000, "to look changes nothing"
    for _ in range(2):
        with pytest.raises(ClaimExpired):
            collect(forest, activity, LAPSED)
        assert (pending(forest), forest.points()) == (0, 0)
    stored = reading.get_activity(forest.member_id, activity.id, activities=forest.tables.activities)
    assert (stored.status, stored.reason_code, stored.expired_mg) == ("expired", "NOT_COLLECTED", 500_000)
    assert forest.sound()


def test_the_schedule_finds_what_is_due_and_nothing_else(forest: Acts):
    early = [ride(forest, at=NOW - timedelta(hours=n)) for n in range(1, 6)]
    late = ride(forest, at=NOW)
    collect(forest, early[0])
    now = LAPSED - timedelta(minutes=30)
    due = [key.key["entry"] for key in scheduled_checks.acts_to_check(forest.tables, now)]
    assert sorted(due) == sorted(f"A#{activity.id}" for activity in early[1:])
    assert scheduled_checks.check_waiting(forest.tables, "", now, lambda: 0, 1) == {"expired": 4}
    assert scheduled_checks.check_waiting(forest.tables, "", now, lambda: 0, 1) == {}
    assert (pending(forest), forest.points()) == (500_000, 500)
    assert collect(forest, late, now).status == "credited"
    assert forest.sound()


def test_the_schedule_stops_when_its_time_is_over_and_goes_on_the_next_time(forest: Acts):
    for n in range(3):
        ride(forest, at=NOW - timedelta(hours=n))
    ticks = iter([0, 1, 99])
    assert scheduled_checks.check_waiting(forest.tables, "", LAPSED, lambda: next(ticks), 10) == {
        "expired": 1
    }
    assert scheduled_checks.check_waiting(forest.tables, "", LAPSED, lambda: 0, 10) == {"expired": 2}


def test_ten_collectors_at_once_collect_once(forest: Acts):
    activity = ride(forest)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: collect(forest, activity), range(10)))
    assert len({(answer.status, answer.points, answer.entry_id) for answer in answers}) == 1
    assert (forest.points(), pending(forest)) == (500, 0)
    assert forest.sound()


def test_collection_and_expiry_at_once_leave_the_act_with_one_of_them(forest: Acts):
    """Their clocks differ: one is a moment before the end, the other just after it."""
    for n in range(4):
        activity = ride(forest, at=NOW - timedelta(hours=n))
        end = activity.collect_by
        assert end is not None

        def come(step: int, activity: Activity = activity, end: Any = end) -> str:
            try:
                if step % 2:
                    return collecting.expire(
                        forest.member_id, activity.id, tables=forest.tables, now=end + timedelta(seconds=1)
                    ).status
                return collect(forest, activity, end - timedelta(seconds=1)).status
            except ClaimExpired:
                return "expired"

        with ThreadPoolExecutor(4) as pool:
            outcomes = set(pool.map(come, range(4)))
        assert len(outcomes) == 1, outcomes
    assert pending(forest) == 0
    assert forest.sound()


def test_an_answer_that_got_lost_after_the_write_is_given_again(forest: Acts):
    activity = ride(forest)

    def cut(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        answer = aws.call(service, operation, payload)
        if operation == "TransactWriteItems":
            raise aws.NoAnswer("the line went dead")
        return answer

    lame = DynamoDB(cut, lambda _: None)
    tables = Tables(
        type(forest.tables.activities)(lame, forest.tables.activities.table),
        type(forest.tables.ledger)(lame, forest.tables.ledger.table),
    )
    # The same bytes are sent again under the same token, as often as there are attempts; then the client is told to retry.
    with pytest.raises(Unavailable):
        collecting.collect(forest.member_id, activity.id, tables=tables, now=RIPE)
    again = collect(forest, activity, RIPE + timedelta(minutes=1))
    assert (again.status, forest.points()) == ("credited", 500)
    assert forest.sound()


def test_only_ones_own_act_is_found_and_only_a_ripe_one_collected(forest: Acts):
    activity = ride(forest)
    with pytest.raises(ActivityNotFound):
        collect(forest.of("0" * 26), activity)
    automatic = Acts(forest.tables, forest.shelf, forest.member_id).record(at=NOW - timedelta(hours=5))
    assert collect(forest, automatic).points == automatic.points
    waiting = trip(forest, at=NOW - timedelta(hours=2))
    with pytest.raises(NotMature):
        collect(forest, waiting)
    verification.refuse_activity(forest.member_id, waiting.id, "NOT_THE_ACT", tables=forest.tables, now=NOW)
    with pytest.raises(NothingToCollect):
        collect(forest, waiting)


def test_an_act_that_comes_when_its_time_is_over_is_refused(forest: Acts):
    maas = Acts(forest.tables, forest.shelf, forest.member_id, "beijing-maas")
    with pytest.raises(ClaimExpired):
        maas.record("subway_trip", quantity={"trips": 1}, at=NOW - 9 * DAY + timedelta(hours=1), now=NOW)
    with pytest.raises(OccurredTooLongAgo):
        maas.record("subway_trip", quantity={"trips": 1}, at=NOW - 10 * DAY)
    ripe = maas.record("subway_trip", quantity={"trips": 1}, at=NOW - 8 * DAY)
    assert reading.activity_body(ripe, NOW)["status"] == "pending"
    assert collect(maas, ripe, NOW).credits_mg == 200_000
    held = maas.balance()
    assert (held.credits_mg, held.points(NOW.date())) == (0, 200), "the grams went to the pool"
    assert maas.sound()


def test_the_first_answer_stays_the_first_answer(forest: Acts):
    first = ride(forest, key="k")
    collect(forest, first)
    again = ride(forest, key="k", now=RIPE + DAY)
    assert reading.activity_body(again, again.recorded_at) == reading.activity_body(first, first.recorded_at)


def trip(forest: Acts, **more: Any) -> Activity:
    picture = forest.photo(photo(more.pop("seed", 1)))
    return forest.record("subway_trip", quantity={"trips": 1}, evidence=(picture,), **more)


def test_with_a_photo_verification_comes_first_then_it_matures(forest: Acts):
    activity = trip(forest)
    assert (activity.status, pending(forest)) == ("verifying", 200_000)
    for _ in range(2):
        approved = verification.credit_activity(forest.member_id, activity.id, tables=forest.tables, now=NOW)
        assert approved.status == "maturing"
    assert (approved.matured_at, pending(forest)) == (RIPE, 200_000)
    assert verification.notice(approved, "乘坐地铁")["phrase2"] == "已通过"
    assert len(verification.notice(approved, "乘坐地铁")["thing4"]) <= 20
    assert collect(forest, activity).points == 200
    assert forest.sound()


def test_a_verification_that_took_long_gives_the_whole_time_to_collect(forest: Acts):
    activity = trip(forest)
    late = NOW + 3 * DAY
    approved = verification.credit_activity(forest.member_id, activity.id, tables=forest.tables, now=late)
    assert (approved.matured_at, approved.collect_by) == (late, late + 3 * DAY)
    assert collect(forest, activity, late + 2 * DAY).status == "credited"
    assert forest.sound()


def walk(forest: Acts, count: int, now: Any = NOW, days_ago: int = 0) -> dict[str, Any]:
    walked = [(NOW.date() - timedelta(days=days_ago), count)]
    return steps.sync_steps(
        forest.member_id, "ant-forest", walked, key=None, body_hash="", tables=forest.tables, now=now
    )["days"][0]


def walk_of(forest: Acts, day: dict[str, Any]) -> Activity:
    activity = forest.tables.activities.acts.find(forest.member_id, day["activity_id"])
    assert activity is not None
    return activity


def test_a_days_walk_is_one_act_that_grows_until_it_is_collected(forest: Acts):
    first = walk(forest, 4_000)
    assert (first["points"], first["matured_at"]) == (0, "2026-11-21T00:00:00+08:00")
    held = pending(forest)
    assert held == first["credits_mg"] > 0
    grown = walk(forest, 9_000)
    assert grown["activity_id"] == first["activity_id"]
    assert pending(forest) == first["credits_mg"] + grown["credits_mg"]
    assert walk(forest, 9_000)["credits_mg"] == 0
    assert forest.sound()
    collected = collect(forest, walk_of(forest, first))
    assert (collected.credits_mg, pending(forest)) == (held + grown["credits_mg"], 0)
    assert walk(forest, 12_000, RIPE)["reason_code"] == "CLAIM_CLOSED"
    assert forest.sound()


def test_a_walk_of_a_day_that_has_lapsed_is_left_out(forest: Acts):
    assert walk(forest, 9_000, days_ago=4)["reason_code"] == "CLAIM_EXPIRED"
    assert (pending(forest), forest.tables.activities.days.latest(forest.member_id, None, 9)) == (0, [])


def test_thirty_one_days_come_in_one_request_and_the_last_four_wait(forest: Acts):
    walked = [(NOW.date() - timedelta(days=n), 9_000 + n) for n in range(31)]
    answer = steps.sync_steps(
        forest.member_id, "ant-forest", walked, key="k", body_hash="", tables=forest.tables, now=NOW
    )
    waiting = [day for day in answer["days"] if "activity_id" in day]
    assert len(waiting) == 4
    assert pending(forest) == answer["credits_mg"] == sum(day["credits_mg"] for day in waiting)
    assert forest.sound()


def test_what_lapsed_still_explains_its_number(forest: Acts):
    activity = ride(forest)
    collecting.expire(forest.member_id, activity.id, tables=forest.tables, now=LAPSED)
    why = reading.explain_activity(forest.member_id, activity.id, activities=forest.tables.activities)
    assert (why["credits_mg"], why["points"]) == (500_000, 0)
