"""What a member's day takes, and what it refuses."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.activities.acts.days import DAY_MINUTES_MAX, NO_TIME, Day, Entry, fit, reported_before
from puhui.activities.acts.identity import window
from puhui.activities.errors import ActsOverlap, CapReached, ClaimedElsewhere
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
    ride = Entry("A2", "guangdong-tanpuhui", "cycling", 1010, 1015, 500_000, 1, 2_000, 8)
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


def ride(start: int, least: int = 20, usual: int = 40, programme: str = "a", **more: Any) -> Entry:
    return Entry(f"{programme}{start}", programme, "cycling", start, start + least, 1, 1, 1, usual, **more)


@pytest.mark.parametrize(
    ("start", "programme", "same"),
    [
        (100, "b", True),
        (101, "b", True),
        (140, "b", True),  # by its own usual length
        (199, "b", True),
        (200, "b", False),  # an hour after it usually is over
        (1, "b", True),
        (0, "b", False),
        (100, "a", False),
        (NO_TIME, "b", False),
    ],
)
def test_shifting_an_act_does_not_make_it_another_one(start: int, programme: str, same: bool):
    mine, other = ride(100), ride(start, programme=programme)
    assert mine.same_act(other) is other.same_act(mine) is same


@pytest.mark.parametrize(
    ("start", "twice"), [(100, True), (129, True), (130, False), (71, True), (70, False)]
)
def test_within_a_programme_only_what_is_sure_counts_and_a_short_stop_is_no_end(start: int, twice: bool):
    assert (
        reported_before(ride(start), [Day(TODAY).with_entry(ride(100, programme="b")), Day(TODAY)]) is False
    )
    mine, other = ride(100), replace(ride(start), activity_id="other")
    assert (
        mine.repeats(other)
        is other.repeats(mine)
        is reported_before(other, [Day(TODAY).with_entry(mine)])
        is twice
    )


def test_another_behaviour_or_another_kind_is_another_act():
    kitchen = Entry("A", "a", "garbage_sorting", 100, 100, 1, 1, 1, kind="kitchen")
    paper = replace(kitchen, activity_id="B", kind="recyclable")
    assert not kitchen.repeats(paper)
    assert not kitchen.same_act(replace(paper, programme_id="b"))
    assert kitchen.same_act(replace(kitchen, activity_id="B", programme_id="b"))
    assert kitchen.repeats(replace(kitchen, activity_id="B"))


def test_estimates_bound_the_day_and_refuse_no_leg():
    legs = [
        Entry("1", "a", "cycling", 940, 942, 1, 1, 1_000, 4),
        Entry("2", "a", "subway_trip", 961, 966, 1, 1, 1, 20),
        Entry("3", "a", "cycling", 972, 975, 1, 1, 1_500, 6),
    ]
    day = Day(TODAY)
    for leg in legs:
        assert not reported_before(leg, [day])
        day = day.with_entry(fit(day, leg, Caps()))
    assert day.usual_minutes == 30


def test_all_acts_of_a_day_together_take_at_most_sixteen_hours_whatever_programme_is_told():
    day = Day(TODAY)

    def hour(number: int) -> Entry:
        return Entry(str(number), f"p{number}", f"b{number}", number * 60, number * 60 + 1, 1, 1, 1, 60)

    for number in range(DAY_MINUTES_MAX // 60):
        day = day.with_entry(fit(day, hour(number), Caps()))
    with pytest.raises(CapReached) as refused:
        fit(day, hour(20), Caps())
    assert refused.value.details["cap"] == "per_day_minutes"
    order = Entry("o", "a", "no_tableware", 2_000, 2_000, 1, 1, 1)
    assert fit(day, order, Caps()) == order, "what takes no time fits all the same"
    freed = day.without("0")
    assert fit(freed, replace(ride(2_000), usual=60), Caps()).usual == 60


def test_an_act_that_takes_no_time_overlaps_none():
    ride, order = Entry("A", "a", "cycling", 100, 120, 1, 1, 1), Entry("B", "a", "x", 110, 110, 1, 1, 1)
    assert not ride.overlaps(order)
    assert not order.overlaps(ride)


MIDNIGHT = int(datetime(2026, 11, 20, tzinfo=CHINA).timestamp()) // 60  # at which TODAY begins


def test_an_act_has_the_days_in_which_it_could_be_told_again():
    yesterday, tomorrow = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    across = window("subway_trip").across
    trip = replace(TRIP, start=MIDNIGHT - across - 20, end=MIDNIGHT - across - 15, usual=20)
    assert trip.days() == [yesterday]
    assert replace(trip, usual=21).days() == [yesterday, TODAY]
    assert replace(trip, start=MIDNIGHT, end=MIDNIGHT).days() == [TODAY]
    assert replace(trip, end=MIDNIGHT + 24 * 60 + 1).days() == [yesterday, TODAY, tomorrow]


def test_what_an_act_carries_into_the_next_day_takes_time_and_nothing_else():
    day = Day(TODAY).carrying(replace(TRIP, start=MIDNIGHT - 10, end=MIDNIGHT + 10, usual=20))
    assert (day.acts, day.used("carbon-88", "subway_trip"), day.usual_minutes) == ((), (0, 0, 0), 0)
    later = replace(TRIP, activity_id="A2", start=MIDNIGHT + 9, end=MIDNIGHT + 29)
    with pytest.raises(ActsOverlap):
        fit(day, later, Caps())
    assert fit(day.without("A1"), later, Caps(per_day_acts=1)) == later
    assert day.without("A1").entries == ()


told = st.tuples(
    st.integers(-200, 200),
    st.integers(0, 40),
    st.integers(0, 40),
    st.sampled_from("ab"),
    st.sampled_from(["cycling", "no_tableware", "old_clothes"]),
)


@given(st.lists(told, max_size=8))
def test_midnight_hides_no_act_from_another(acts: list[tuple[int, int, int, str, str]]):
    dates = [TODAY + timedelta(days=number) for number in range(-2, 4)]
    days = {each: Day(each) for each in dates}
    kept: list[Entry] = []
    for number, (start, takes, more, programme, behaviour) in enumerate(acts):
        at = MIDNIGHT + start
        wanted = Entry(str(number), programme, behaviour, at, at + takes, 1, 1, 1, takes + more)
        first, *following = (days[each] for each in wanted.days())
        clear = not any(wanted.overlaps(o) or wanted.same_act(o) or wanted.repeats(o) for o in kept)
        try:
            entry = fit(first, wanted, Caps(), following)
        except (ActsOverlap, ClaimedElsewhere):
            assert not clear
            continue
        assert clear is not reported_before(wanted, (first, *following))
        if not clear:
            continue
        kept.append(entry)
        days[first.day] = first.with_entry(entry)
        days |= {each.day: each.carrying(entry) for each in following}
    listed = sorted(entry.activity_id for day in days.values() for entry in day.acts)
    assert listed == sorted(entry.activity_id for entry in kept)
