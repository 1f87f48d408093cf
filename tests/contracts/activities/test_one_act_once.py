"""Nothing before its time, nothing twice, nothing that cannot be: on real tables."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from puhui.activities import reading, verification
from puhui.activities.acts.model import Activity
from puhui.activities.errors import (
    ActRepeated,
    ActsOverlap,
    ActTooFast,
    BeforeFirstDay,
    CapReached,
    ClaimedElsewhere,
    HouseholdFull,
    HouseholdMoves,
    OccurredInFuture,
    PeriodClaimed,
    PersonsNotOnRecord,
)
from puhui.activities.households import usecases as households
from puhui.kernel import clock, ids
from puhui.methodologies.api import QuantityImplausible
from puhui.store.client import DynamoDB
from tests.contracts.activities.conftest import NOW, SENT, Acts
from tests.contracts.activities.test_verifying_photos import CURSORS
from tests.unit.activities.test_pictures_and_risk import photo

pytestmark = pytest.mark.usefixtures("engine")  # on every engine there is

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def passport(acts: Acts) -> Acts:
    return Acts(acts.tables, acts.shelf, acts.member_id, "green-passport-3060")


@pytest.fixture
def guangdong(acts: Acts) -> Acts:
    return Acts(acts.tables, acts.shelf, acts.member_id, "guangdong-tanpuhui")


# Its time


def test_a_long_ride_just_now_is_refused_until_it_is_over(acts: Acts):
    ride = {"quantity": {"distance_m": 30_000}}
    with pytest.raises(OccurredInFuture):
        acts.record(at=SENT, **ride)
    with pytest.raises(OccurredInFuture):
        acts.record(at=SENT - HOUR, ended_at=SENT + 6 * MINUTE, **ride)
    with pytest.raises(ActTooFast):
        acts.record(at=SENT - 59 * MINUTE, ended_at=SENT, **ride)
    ridden = acts.record(at=SENT - HOUR, ended_at=SENT, **ride)
    assert (ridden.status, ridden.rules) == ("held", ("SPEED_IMPLAUSIBLE@1",)), (
        "so fast a ride waits some days"
    )
    assert reading.activity_body(ridden, SENT)["ended_at"] == clock.to_text(SENT)
    kept = reading.get_activity(acts.member_id, ridden.id, activities=acts.tables.activities)
    assert kept == ridden
    assert acts.sound()


def test_honest_legs_of_one_way_all_count(acts: Acts):
    maas = Acts(acts.tables, acts.shelf, acts.member_id, "beijing-maas")
    maas.record("cycling", at=NOW, quantity={"distance_m": 1_000})
    maas.record("subway_trip", at=NOW + 21 * MINUTE, quantity={"trips": 1})
    last = maas.record("cycling", at=NOW + 32 * MINUTE, quantity={"distance_m": 1_500})
    assert last.status == "maturing"


def test_a_time_that_was_told_is_a_fact_and_overlaps(acts: Acts):
    acts.record(at=NOW, ended_at=NOW + 40 * MINUTE, key="a")
    with pytest.raises(ActsOverlap):
        acts.record(at=NOW + 39 * MINUTE, key="b")
    assert acts.record(at=NOW + 50 * MINUTE, key="b").status == "credited"


def test_a_day_has_sixteen_hours_for_all_that_takes_time(passport: Acts, guangdong: Acts):
    morning = NOW - 11 * HOUR  # 01:00 in China
    now = NOW + 12 * HOUR
    meeting = {"participants": 2, "avoided_distance_m": 20_000, "minutes": 480}
    passport.record("online_meeting", at=morning, quantity=meeting, now=now)
    passport.record("online_meeting", at=morning + 8 * HOUR + 5 * MINUTE, quantity=meeting, now=now)
    with pytest.raises(CapReached) as refused:
        guangdong.record("bus_trip", at=morning + 17 * HOUR, quantity={"trips": 1}, now=now)
    assert refused.value.details["cap"] == "per_day_minutes"
    guangdong.record("no_tableware", at=morning + 17 * HOUR, quantity={"orders": 1}, now=now)


def test_nothing_counts_of_the_days_before_a_member_was_one(acts: Acts):
    new = acts.of(ids.new_id(NOW))
    with pytest.raises(BeforeFirstDay):
        new.record(at=NOW - 13 * HOUR)
    assert new.record(at=NOW - 5 * HOUR).status == "credited", "of the first day everything counts"


# Twice


def test_without_a_key_an_act_is_told_once_in_one_programme(acts: Acts):
    with ThreadPoolExecutor(4) as pool:

        def come(_: int) -> int:
            with suppress(ActRepeated):
                return acts.record("no_tableware", quantity={"orders": 1}).points
            return 0

        assert sum(pool.map(come, range(4))) == 47
    assert acts.sound()


def test_one_act_told_to_five_programmes_counts_in_one(acts: Acts):
    asked = [
        (name, shift)
        for name in (
            "ant-forest",
            "carbon-88",
            "green-passport-3060",
            "guangdong-tanpuhui",
            "national-market",
        )
        for shift in (0, 1, 60)
    ]

    def come(each: tuple[str, int]) -> int:
        with suppress(ActRepeated, ClaimedElsewhere, CapReached):
            at = NOW + each[1] * MINUTE
            acts.record("no_tableware", quantity={"orders": 1}, at=at, programme=each[0])
            return 1
        return 0

    assert come(asked[0]) + sum(map(come, asked[3:])) == 1
    assert acts.sound()


def test_a_second_photo_within_the_window_waits_for_a_person(acts: Acts):
    def switch(seed: int, at: datetime) -> Activity:
        return acts.record("lights_off", quantity={"times": 1}, evidence=(acts.photo(photo(seed)),), at=at)

    first, second, later = switch(1, NOW), switch(2, NOW + 29 * MINUTE), switch(3, NOW + HOUR)
    outcomes = [
        verification.assess_risk(acts.member_id, each.id, [], activities=acts.tables.activities)
        for each in (first, second, later)
    ]
    assert [each["outcome"] for each in outcomes] == ["approve", "review", "approve"]
    assert outcomes[1]["signals"] == ["ACT_REPEATED"]
    kept = reading.get_activity(acts.member_id, second.id, activities=acts.tables.activities)
    assert kept.signals == ("ACT_REPEATED",)


def test_kinds_are_acts_of_their_own(guangdong: Acts):
    for fraction in ("kitchen", "recyclable"):
        guangdong.record("garbage_sorting", quantity={"mass_g": 500, "fraction": fraction})
    with pytest.raises(ActRepeated):
        guangdong.record("garbage_sorting", quantity={"mass_g": 400, "fraction": "kitchen"}, at=NOW + HOUR)


def test_near_midnight_an_order_is_told_once(acts: Acts, forest: Acts):
    before = NOW - 12 * HOUR - 30 * MINUTE  # 23:30 in China
    acts.record("no_tableware", quantity={"orders": 1}, at=before)
    with pytest.raises(ClaimedElsewhere):
        forest.record("no_tableware", quantity={"orders": 1}, at=before + 2 * HOUR)
    with pytest.raises(ActRepeated):
        acts.record("no_tableware", quantity={"orders": 1}, at=before + 59 * MINUTE)
    page = reading.list_activities(
        acts.member_id, None, 10, None, activities=acts.tables.activities, cursors=CURSORS
    )
    assert len(page.items) == 1


# Periods


def electricity(acts: Acts, last: datetime = NOW, days: int = 30, persons: int = 1, **more: Any) -> Activity:
    """A bill of so many days up to the day of ``last``."""
    quantity = {"consumed_wh": 400 * days, "days": days, "persons": persons}
    return acts.record("household_electricity", at=last, quantity=quantity, **more)


def test_a_month_of_electricity_is_told_once_on_whatever_day_and_wherever(passport: Acts, guangdong: Acts):
    bill = electricity(guangdong)
    assert bill.points > 0
    for last in (NOW, NOW - DAY, NOW - 29 * DAY):
        for programme in (guangdong, passport):
            with pytest.raises(PeriodClaimed) as refused:
                electricity(programme, last, days=1 if last == NOW - 29 * DAY else 30)
            assert refused.value.details == {"first": "2026-10-22", "last": "2026-11-20"}
    assert electricity(passport, NOW - 30 * DAY, days=3).points > 0, "the days before are other days"
    assert guangdong.sound()


def test_a_bill_can_be_told_by_its_beginning_and_end(guangdong: Acts):
    electricity(guangdong, NOW - 9 * DAY, days=10, ended_at=NOW)
    with pytest.raises(PeriodClaimed):
        electricity(guangdong, NOW - 9 * DAY, days=1)
    electricity(guangdong, NOW - 10 * DAY, days=1)


def test_whoever_lives_there_tells_of_a_meter_once_at_one_moment(guangdong: Acts):
    other = guangdong.of(ids.new_id(NOW - 60 * DAY))
    join(other, guangdong, NOW - 50 * DAY)

    def come(who: Acts) -> int:
        with suppress(PeriodClaimed):
            return int(electricity(who).points > 0)
        return 0

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(come, [guangdong, other, guangdong, other])) == 1
    assert guangdong.sound()


def join(who: Acts, whom: Acts, now: datetime) -> None:
    households.join(who.member_id, whom.member_id, households=who.tables.activities.households, now=now)


def leave(who: Acts, now: datetime) -> None:
    households.leave(who.member_id, households=who.tables.activities.households, now=now)


def test_moving_opens_no_period_again(guangdong: Acts):
    other = guangdong.of(ids.new_id(NOW - 60 * DAY))
    join(other, guangdong, NOW - 50 * DAY)
    electricity(guangdong)
    leave(other, NOW)
    leave(guangdong, NOW)
    join(other, guangdong, NOW)
    for who in (guangdong, other):
        for last in (NOW, NOW - DAY):
            with pytest.raises(PeriodClaimed):
                electricity(who, last, now=NOW + 2 * DAY)
        electricity(who, NOW + (1 if who is other else 2) * DAY, days=1, now=NOW + 2 * DAY)


def test_a_bill_over_a_move_tells_of_both_homes(guangdong: Acts):
    other = guangdong.of(ids.new_id(NOW - 60 * DAY))
    electricity(guangdong, NOW - 5 * DAY, days=5)
    join(other, guangdong, NOW - 20 * DAY)
    with pytest.raises(PeriodClaimed):
        electricity(other)  # its later days are the new home's, and partly told of
    electricity(other, NOW - 10 * DAY, days=20)
    with pytest.raises(PeriodClaimed):
        electricity(guangdong, NOW - 10 * DAY, days=5)
    electricity(guangdong, NOW - 20 * DAY, days=5)


def test_persons_are_those_on_record_all_through_or_one(guangdong: Acts):
    with pytest.raises(PersonsNotOnRecord) as refused:
        electricity(guangdong, persons=2)
    assert refused.value.details["known"] == 1
    others = [guangdong.of(ids.new_id(NOW - 60 * DAY)) for _ in range(2)]
    join(others[0], guangdong, NOW - 40 * DAY)
    join(others[1], others[0], NOW - 10 * DAY)
    with pytest.raises(PersonsNotOnRecord):
        electricity(guangdong, persons=3)
    electricity(guangdong, persons=2)
    leave(others[0], NOW)
    last = NOW + 2 * DAY
    with pytest.raises(PersonsNotOnRecord):
        electricity(guangdong, last, days=2, persons=3, now=last + HOUR)
    electricity(others[1], last, days=2, persons=2, now=last + HOUR)


def test_a_household_has_room_for_twelve_and_nobody_moves_all_the_time(guangdong: Acts):
    for _ in range(11):
        join(guangdong.of(ids.new_id(NOW - 60 * DAY)), guangdong, NOW)
    with pytest.raises(HouseholdFull):
        join(guangdong.of(ids.new_id(NOW - 60 * DAY)), guangdong, NOW)
    nomad = guangdong.of(ids.new_id(NOW - 60 * DAY))
    for day in range(12):
        leave(nomad, NOW + day * DAY)
        leave(nomad, NOW + day * DAY + HOUR)  # a change of mind on the same day is no move more
    with pytest.raises(HouseholdMoves):
        leave(nomad, NOW + 12 * DAY)
    leave(nomad, NOW + 801 * DAY)


def test_a_day_of_water_counts_once_for_a_household(guangdong: Acts, passport: Acts):
    guangdong.record("household_water", quantity={"saved_l": 100})
    with pytest.raises(PeriodClaimed):
        passport.record("household_water", quantity={"saved_l": 100}, at=NOW - 3 * HOUR)
    passport.record("household_water", quantity={"saved_l": 100}, at=NOW - DAY)


def test_a_refused_day_without_the_car_is_free_again(passport: Acts):
    def leave_it(seed: int) -> Activity:
        picture = passport.photo(photo(seed))
        return passport.record("car_left_home", quantity={"days": 1}, evidence=(picture,))

    first = leave_it(1)
    with pytest.raises(CapReached):
        leave_it(2)
    evening = {"at": NOW - DAY, "ended_at": NOW, "quantity": {"days": 1}}  # ends on the same day
    with pytest.raises(PeriodClaimed):
        passport.record("car_left_home", evidence=(passport.photo(photo(4)),), **evening)
    for _ in range(2):
        verification.refuse_activity(
            passport.member_id, first.id, "NOT_THE_ACT", tables=passport.tables, now=SENT
        )
    assert leave_it(3).status == "verifying"
    assert passport.sound()


def test_a_bill_may_not_begin_before_its_member_was_one(guangdong: Acts):
    new = guangdong.of(ids.new_id(NOW - 5 * DAY))
    with pytest.raises(BeforeFirstDay):
        electricity(new, days=30)
    assert electricity(new, days=6).points > 0


# Its size


def test_no_meeting_of_a_hundred_and_no_five_refrigerators(passport: Acts):
    meeting = {"participants": 10, "avoided_distance_m": 300_000, "minutes": 1}
    with pytest.raises(QuantityImplausible):
        passport.record("online_meeting", quantity=meeting)
    with pytest.raises(QuantityImplausible):
        passport.record("electronics_recycling", quantity={"items": 5, "kind": "refrigerator"})
    assert passport.points() == 0


def test_what_an_act_of_a_period_costs(guangdong: Acts):
    sent: list[tuple[str, int]] = []
    dynamodb: DynamoDB = guangdong.tables.activities.dynamodb
    call = dynamodb._call

    def count(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        sent.append((operation, len(payload.get("TransactItems", ()))))
        return call(service, operation, payload)

    dynamodb._call = count
    electricity(guangdong)
    # activity, day, transfer, balance; the household's day and its period
    assert sent == [("BatchGetItem", 0), ("BatchGetItem", 0), ("TransactWriteItems", 6)]
