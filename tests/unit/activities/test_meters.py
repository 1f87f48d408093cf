"""What a meter's reading has to agree with."""

from datetime import date, timedelta

import pytest

from puhui.activities.errors import MeterElsewhere, ReadingDiffers, ReadingLower, SecondMeter
from puhui.activities.households.meters import HomeMeter, Meter, Told, name_of

FIRST = date(2026, 11, 1)
DAY = timedelta(days=1)
NEW = Meter("m1", "household_electricity")


def told(reading: int, start: int = 0, days: int = 7, used: int | None = 70_000, meter: str = "m1") -> Told:
    first = FIRST + start * DAY
    return Told(meter, reading, first, first + (days - 1) * DAY, used)


def week(meter: Meter, number: int, used: int = 70_000) -> Meter:
    """The meter with one more week of use."""
    reading = (meter.readings[-1].value if meter.readings else 1_000_000) + used
    return meter.told(told(reading, 7 * number, used=used), "H1", f"A{number}")


def test_the_first_reading_is_believed_and_bounds_the_next():
    first = NEW.told(told(1_000_000), "H1", "A1")
    assert (first.household, first.readings[-1].value, first.daily) == ("H1", 1_000_000, (10_000,))
    second = first.told(told(1_070_000, 7), "H1", "A2")
    assert second.readings[-1].value == 1_070_000
    with pytest.raises(ReadingLower):
        first.told(told(999_999, 7), "H1", "A2")


@pytest.mark.parametrize(
    ("used", "holds"), [(70_000, True), (70_500, True), (75_000, False), (35_000, False)]
)
def test_what_was_used_is_what_the_meter_ran(used: int, holds: bool):
    """Who tells of half of it would have saved the other half."""
    first = NEW.told(told(1_000_000), "H1", "A1")
    if holds:
        assert first.told(told(1_070_000, 7, used=used), "H1", "A2")
        return
    with pytest.raises(ReadingDiffers):
        first.told(told(1_070_000, 7, used=used), "H1", "A2")


def test_after_days_that_nobody_told_of_the_meter_may_have_run_further():
    first = NEW.told(told(1_000_000), "H1", "A1")
    assert first.told(told(1_300_000, 28, used=70_000), "H1", "A2")
    with pytest.raises(ReadingDiffers):
        first.told(told(1_060_000, 28, used=70_000), "H1", "A2")


def test_days_before_the_last_reading_may_be_told_of_later():
    meter = NEW.told(told(1_000_000, 28), "H1", "A1")
    earlier = meter.told(told(900_000, 7), "H1", "A2")
    assert earlier.readings == meter.readings
    with pytest.raises(ReadingDiffers):
        meter.told(told(1_000_001, 7), "H1", "A2")


def test_a_meter_is_in_one_home_until_nobody_has_told_of_it_for_sixty_days():
    meter = NEW.told(told(1_000_000), "H1", "A1")
    with pytest.raises(MeterElsewhere):
        meter.told(told(1_070_000, 7), "H2", "A2")
    moved = meter.told(told(2_000_000, 80), "H2", "A2")
    assert (moved.household, moved.daily) == ("H2", (10_000,))


def test_a_home_has_one_meter_until_it_has_told_of_it_for_sixty_days():
    home = HomeMeter("H1", "household_electricity").told(told(1_000_000))
    with pytest.raises(SecondMeter):
        home.told(told(5_000, 7, meter="m2"))
    assert home.told(told(1_070_000, 7)).day == "2026-11-14"
    assert home.told(told(5_000, 80, meter="m2")).meter == "m2"
    assert home.told(told(900_000, -7)) == home


def test_far_more_or_far_less_than_usual_is_odd():
    meter = NEW
    for number in range(3):
        assert not meter.unusual(told(0, used=700_000))
        meter = week(meter, number)
    assert not meter.unusual(told(0, used=140_000))
    assert meter.unusual(told(0, used=360_000))
    assert meter.unusual(told(0, used=13_000))
    assert not meter.unusual(told(0, used=None))


def test_a_refused_reading_bounds_nothing():
    meter = NEW.told(told(1_000_000), "H1", "A1")
    wrong = meter.told(told(9_000_000, 7, used=8_000_000), "H1", "A2")
    with pytest.raises(ReadingLower):
        wrong.told(told(1_070_000, 14), "H1", "A3")
    assert wrong.without("A2").told(told(1_140_000, 14), "H1", "A3").readings[-1].value == 1_140_000


def test_a_meters_name_does_not_say_its_number():
    assert name_of("SZ-1", "household_electricity", b"p") != name_of("SZ-1", "household_water", b"p")
    assert name_of("SZ-1", "household_electricity", b"p") != name_of("SZ-1", "household_electricity", b"q")
