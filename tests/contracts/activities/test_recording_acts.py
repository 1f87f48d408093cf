"""Acts that a machine can check are credited in the request, once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest

from puhui.activities import reading
from puhui.activities.acts.history import acts_since
from puhui.activities.errors import (
    ActivityNotFound,
    ActRepeated,
    ActsOverlap,
    CapReached,
    ClaimedElsewhere,
    EvidenceRequired,
    StepsComeFromWeRun,
)
from puhui.activities.evidence.errors import EvidenceNotFound, EvidenceUsed
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.store.cursors import Cursors
from tests.contracts.activities.conftest import NOW, Acts
from tests.unit.activities.test_pictures_and_risk import photo

CURSORS = Cursors(b"k" * 32)


def test_two_kilometres_by_bicycle_are_500_grams_and_500_points(acts: Acts):
    activity = acts.record("cycling", quantity={"distance_m": 2_000})
    assert (activity.status, activity.credits_mg, activity.points) == ("credited", 500_000, 500)
    assert acts.points() == 500
    assert acts.balance().credits_mg == 0
    assert acts.balance().amounts["reduced_mg"] == 500_000
    assert acts.sound()


def test_half_grams_add_up_to_a_point(acts: Acts):
    first = acts.record("no_tableware", quantity={"orders": 1}, at=NOW - timedelta(hours=3))
    second = acts.record("no_tableware", quantity={"orders": 1}, at=NOW)
    assert (first.points, second.points) == (47, 48)
    assert (acts.points(), acts.balance().credits_mg) == (95, 0)
    assert acts.sound()


def test_the_same_request_again_gives_the_first_answer(acts: Acts):
    first = acts.record(key="ride-1")
    assert acts.record(key="ride-1", now=NOW + timedelta(hours=1)) == first
    assert acts.points() == 500


def test_a_key_that_stands_for_another_request_is_refused(acts: Acts):
    acts.record(key="ride-1")
    with pytest.raises(IdempotencyKeyReused):
        acts.record(key="ride-1", quantity={"distance_m": 3_000})
    assert acts.points() == 500


def test_ten_identical_requests_at_once_credit_once(acts: Acts):
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: acts.record(key="ride-1"), range(10)))
    assert len({answer.id for answer in answers}) == 1
    assert acts.points() == 500
    assert acts.sound()


def test_ten_rides_at_different_times_sent_at_once_all_count(acts: Acts):
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda n: acts.record(at=NOW - timedelta(hours=n), key=f"r{n}"), range(3)))
    assert acts.points() == 1500
    assert acts.sound()


def test_two_rides_at_one_time_count_once(acts: Acts):
    acts.record(key="a")
    with pytest.raises(ActsOverlap):
        acts.record(key="b", at=NOW + timedelta(minutes=1))
    assert acts.points() == 500


BEFORE_MIDNIGHT = NOW - timedelta(
    hours=12, minutes=3
)  # a ride of 2 km takes 4 minutes at least, and usually 8


def test_a_ride_past_midnight_is_not_told_again_on_the_next_day(acts: Acts):
    acts.record(at=BEFORE_MIDNIGHT, key="a")
    later = BEFORE_MIDNIGHT + timedelta(minutes=4)
    with pytest.raises(ClaimedElsewhere):
        acts.record(at=later, key="b", programme="beijing-maas")
    with pytest.raises(ActRepeated):
        acts.record(at=later, key="c")
    assert acts.points() == 500
    with pytest.raises(ClaimedElsewhere):
        acts.record(at=BEFORE_MIDNIGHT + timedelta(minutes=67), key="d", programme="beijing-maas")
    acts.record(at=BEFORE_MIDNIGHT + timedelta(minutes=68), key="d", programme="beijing-maas")
    assert acts.sound()


def test_a_ride_before_midnight_gives_way_to_one_told_of_the_next_day(acts: Acts):
    acts.record(at=BEFORE_MIDNIGHT + timedelta(minutes=4), key="a")
    with pytest.raises(ClaimedElsewhere):
        acts.record(at=BEFORE_MIDNIGHT, key="b", programme="beijing-maas")
    with pytest.raises(ActRepeated):
        acts.record(at=BEFORE_MIDNIGHT - timedelta(minutes=5), key="c")
    assert acts.record(at=BEFORE_MIDNIGHT - timedelta(minutes=10), key="c").status == "credited"
    assert acts.sound()


def test_two_programmes_asked_at_once_on_both_sides_of_midnight_take_a_ride_once(acts: Acts):
    asked = [("carbon-88", 0), ("beijing-maas", 4), ("ant-forest", 2), ("carbon-88", 4), ("beijing-maas", 1)]

    def ask(programme: str, minutes: int) -> int:
        with suppress(ClaimedElsewhere, ActsOverlap, ActRepeated):
            acts.record(at=BEFORE_MIDNIGHT + timedelta(minutes=minutes), programme=programme)
            return 1
        return 0

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(lambda each: ask(*each), asked)) == 1
    assert acts.sound()


def test_a_ride_past_midnight_is_listed_and_read_back_once(acts: Acts):
    ride = acts.record(at=BEFORE_MIDNIGHT, key="a")
    order = acts.record("no_tableware", quantity={"orders": 1})
    page = reading.list_activities(
        acts.member_id, None, 10, None, activities=acts.tables.activities, cursors=CURSORS
    )
    assert [activity.id for activity in page.items] == [order.id, ride.id]
    past = acts_since(acts.member_id, "carbon-88", ride.day, acts.tables.activities)
    assert [activity.id for activity in past] == [order.id, ride.id]
    today = acts_since(acts.member_id, "carbon-88", order.day, acts.tables.activities)
    assert [activity.id for activity in today] == [order.id], "an act is of the day on which it began"


def test_a_days_fourth_order_is_refused_and_the_next_days_is_taken(acts: Acts):
    for n in range(3):
        acts.record("no_tableware", quantity={"orders": 1}, at=NOW - timedelta(hours=n))
    with pytest.raises(CapReached):
        acts.record("no_tableware", quantity={"orders": 1}, at=NOW - timedelta(hours=5))
    assert (
        acts.record("no_tableware", quantity={"orders": 1}, at=NOW - timedelta(days=1)).status == "credited"
    )


def test_walking_is_not_typed_in(acts: Acts):
    with pytest.raises(StepsComeFromWeRun):
        acts.record("walking", quantity={"steps": 10_000})


def test_a_subway_trip_needs_a_photo_of_ones_own_that_is_new(acts: Acts):
    with pytest.raises(EvidenceRequired):
        acts.record("subway_trip", quantity={"trips": 1})
    stranger = Acts(acts.tables, acts.shelf, "0" * 26)
    with pytest.raises(EvidenceNotFound):
        acts.record("subway_trip", quantity={"trips": 1}, evidence=(stranger.photo(photo(1)),))
    mine = acts.photo(photo(1))
    acts.record("subway_trip", quantity={"trips": 1}, evidence=(mine,), at=NOW - timedelta(hours=3))
    with pytest.raises(EvidenceUsed):
        acts.record("subway_trip", quantity={"trips": 1}, evidence=(mine,))
    assert acts.balance().amounts["pending_mg"] == 200_000
    assert acts.sound()


def test_an_act_is_its_members_alone(acts: Acts):
    activity = acts.record()
    with pytest.raises(ActivityNotFound):
        reading.get_activity("0" * 26, activity.id, activities=acts.tables.activities)


def test_the_list_shows_every_act_once_latest_first_page_by_page(acts: Acts):
    recorded = [
        acts.record(at=NOW - timedelta(days=n // 2, hours=n % 2 * 3), key=str(n)).id for n in range(9)
    ]
    shown, cursor = [], None
    while True:
        page = reading.list_activities(
            acts.member_id, None, 2, cursor, activities=acts.tables.activities, cursors=CURSORS
        )
        assert len(page.items) <= 2
        shown += [activity.id for activity in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(shown) == sorted(recorded)
    assert len(shown) == len(set(shown)) == 9
    days = [reading.get_activity(acts.member_id, i, activities=acts.tables.activities).day for i in shown]
    assert days == sorted(days, reverse=True)


def test_an_act_explains_its_number(acts: Acts):
    activity = acts.record("no_tableware", quantity={"orders": 2})
    why = reading.explain_activity(acts.member_id, activity.id, activities=acts.tables.activities)
    assert (why["credits_mg"], why["points"], why["inputs"]) == (95_000, 95, {"orders": 2})
    assert why["factors"][0]["mark"] == "seed"
    assert why["steps"][-1]["result"] == "95000"
