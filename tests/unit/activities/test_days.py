"""What a member's day takes, and what it refuses."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.activities.errors import (
    ActsOverlap,
    CapReached,
    ClaimedElsewhere,
    OccurredInFuture,
    OccurredTooLongAgo,
)
from puhui.activities.model import NO_TIME, Day, Entry, check_time, fit
from puhui.kernel.clock import CHINA
from puhui.programmes.api import Caps

TODAY = date(2026, 11, 20)
TRIP = Entry("A1", "carbon-88", "subway_trip", 1000, 1020, 200_000, 1, 1)
WALK = Entry("W1", "carbon-88", "walking", NO_TIME, NO_TIME, 8_000, 1, 5_000)


def test_two_acts_at_one_time_are_one_too_many():
    day = Day(TODAY).with_entry(TRIP)
    with pytest.raises(ActsOverlap):
        fit(day, replace(TRIP, activity_id="A2", start=1019, end=1039), Caps())
    assert fit(day, replace(TRIP, activity_id="A2", start=1020, end=1040), Caps()).mg == 200_000


def test_overlaps_count_across_programmes_and_behaviours():
    day = Day(TODAY).with_entry(TRIP)
    ride = Entry("A2", "guangdong-tanpuhui", "cycling", 1010, 1015, 500_000, 1, 2_000)
    with pytest.raises(ActsOverlap):
        fit(day, ride, Caps())


def test_walking_overlaps_nothing():
    assert fit(Day(TODAY).with_entry(TRIP), WALK, Caps()).mg == 8_000


def test_the_last_act_of_a_day_is_taken_and_the_next_refused():
    caps = Caps(per_day_acts=1)
    assert fit(Day(TODAY), TRIP, caps) == TRIP
    with pytest.raises(CapReached):
        fit(Day(TODAY).with_entry(TRIP), replace(TRIP, activity_id="A2", start=5000, end=5020), caps)


def test_a_cap_on_mass_is_filled_to_the_brim():
    caps = Caps(per_day_mg=250_000)
    day = Day(TODAY).with_entry(TRIP)
    later = replace(TRIP, activity_id="A2", start=5000, end=5020)
    assert fit(day, later, caps).mg == 50_000


def test_a_refused_act_frees_its_time_and_its_share():
    day = Day(TODAY).with_entry(TRIP).without("A1")
    assert fit(day, replace(TRIP, activity_id="A2"), Caps(per_day_acts=1)).mg == 200_000
    assert [entry.activity_id for entry in day.entries] == ["A1"]


@given(st.lists(st.integers(1, 400_000), max_size=20), st.integers(1, 1_000_000))
def test_no_day_ever_holds_more_than_its_cap(masses: list[int], cap: int):
    day = Day(TODAY)
    for number, mg in enumerate(masses):
        wanted = replace(WALK, activity_id=str(number), mg=mg)
        try:
            day = day.with_entry(fit(day, wanted, Caps(per_day_mg=cap)))
        except CapReached:
            continue
    assert day.used("carbon-88", "walking")[0] == min(cap, sum(masses))


def test_an_act_is_neither_in_the_future_nor_too_old():
    now = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    check_time(now + timedelta(minutes=4), now, 7)
    with pytest.raises(OccurredInFuture):
        check_time(now + timedelta(minutes=6), now, 7)
    with pytest.raises(OccurredTooLongAgo):
        check_time(now - timedelta(days=7, seconds=1), now, 7)


@pytest.mark.parametrize(
    ("start", "end", "behaviour", "programme", "same"),
    [
        (100, 120, "cycling", "b", True),
        (119, 140, "cycling", "b", True),
        (120, 140, "cycling", "b", False),
        (110, 110, "cycling", "b", True),
        (120, 120, "cycling", "b", False),
        (100, 120, "subway_trip", "b", False),
        (100, 120, "cycling", "a", False),
        (NO_TIME, NO_TIME, "cycling", "b", False),
    ],
)
def test_one_behaviour_at_a_common_minute_in_two_programmes_is_one_act(
    start: int, end: int, behaviour: str, programme: str, same: bool
):
    mine = Entry("A", "a", "cycling", 100, 120, 1, 1, 1)
    other = Entry("B", programme, behaviour, start, end, 1, 1, 1)
    assert mine.same_act(other) is other.same_act(mine) is same


def test_an_act_that_takes_no_time_overlaps_none():
    ride, order = Entry("A", "a", "cycling", 100, 120, 1, 1, 1), Entry("B", "a", "x", 110, 110, 1, 1, 1)
    assert not ride.overlaps(order)
    assert not order.overlaps(ride)


MIDNIGHT = int(datetime(2026, 11, 20, tzinfo=CHINA).timestamp()) // 60  # at which TODAY begins


def test_an_act_has_the_days_whose_minutes_it_takes():
    yesterday = TODAY - timedelta(days=1)
    ride = replace(TRIP, start=MIDNIGHT - 8, end=MIDNIGHT)
    assert ride.days() == [yesterday]
    assert replace(ride, end=MIDNIGHT + 1).days() == [yesterday, TODAY]
    assert replace(ride, start=MIDNIGHT, end=MIDNIGHT).days() == [TODAY]
    assert replace(ride, end=MIDNIGHT + 24 * 60 + 1).days() == [yesterday, TODAY, TODAY + timedelta(days=1)]


def test_what_an_act_carries_into_the_next_day_takes_time_and_nothing_else():
    day = Day(TODAY).carrying(replace(TRIP, start=MIDNIGHT - 10, end=MIDNIGHT + 10))
    assert (day.acts, day.used("carbon-88", "subway_trip")) == ((), (0, 0, 0))
    later = replace(TRIP, activity_id="A2", start=MIDNIGHT + 9, end=MIDNIGHT + 29)
    with pytest.raises(ActsOverlap):
        fit(day, later, Caps())
    assert fit(day.without("A1"), later, Caps(per_day_acts=1)) == later
    assert day.without("A1").entries == ()


@given(
    st.lists(
        st.tuples(st.integers(-30, 30), st.integers(0, 40), st.sampled_from("ab"), st.sampled_from("xy")),
        max_size=8,
    )
)
def test_midnight_hides_no_act_from_another(told: list[tuple[int, int, str, str]]):
    days = {TODAY + timedelta(days=number): Day(TODAY + timedelta(days=number)) for number in (-1, 0)}
    kept: list[Entry] = []
    for number, (start, takes, programme, behaviour) in enumerate(told):
        at = MIDNIGHT + start
        wanted = Entry(str(number), programme, behaviour, at, at + takes, 1, 1, 1)
        first, *following = (days[each] for each in wanted.days())
        clear = not any(wanted.overlaps(other) or wanted.same_act(other) for other in kept)
        try:
            entry = fit(first, wanted, Caps(), following)
        except (ActsOverlap, ClaimedElsewhere):
            assert not clear
            continue
        assert clear
        kept.append(entry)
        days[first.day] = first.with_entry(entry)
        days |= {each.day: each.carrying(entry) for each in following}
    listed = sorted(entry.activity_id for day in days.values() for entry in day.acts)
    assert listed == sorted(entry.activity_id for entry in kept)
