"""A meter, a home, a period: one claim, by whoever lives there and in whatever programme."""

from datetime import timedelta
from typing import Any

import pytest

from puhui.activities import verification
from puhui.activities.acts.model import Activity, PartnerRecord
from puhui.activities.errors import (
    MeterElsewhere,
    MeterNotWanted,
    PeriodClaimed,
    ReadingDiffers,
    ReadingLower,
    SecondMeter,
)
from puhui.activities.households import usecases as households
from puhui.kernel import ids
from puhui.store.sealing import Sealer
from tests.contracts.activities.conftest import NOW, Acts

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _sealed(acts: Acts) -> None:
    acts.tables.activities.__dict__["sealer"] = Sealer(b"k" * 32, b"p" * 32)


@pytest.fixture
def home(acts: Acts) -> Acts:
    return Acts(acts.tables, acts.shelf, acts.member_id, "green-passport-3060")


def week(home: Acts, number: int, reading: int, meter: str = "SZ-1", **more: Any) -> Activity:
    """Electricity of the days up to so many weeks ago: 1 kWh a day."""
    quantity = {"consumed_wh": more.pop("used", 7_000), "days": 7, "persons": 1}
    return home.record(
        "household_electricity",
        quantity=quantity,
        at=NOW - 7 * number * DAY,
        meter={"number": meter, "reading": reading},
        **more,
    )


def neighbour(home: Acts) -> Acts:
    return home.of(ids.new_id(NOW - 50 * DAY))


def test_readings_that_agree_are_counted(home: Acts):
    first, second = week(home, 2, 100_000), week(home, 1, 107_000)
    assert (first.status, second.status) == ("credited", "credited")
    assert second.meter["reading"] == 107_000
    assert "SZ-1" not in str(second)


def test_a_reading_that_cannot_be_is_refused_and_its_days_stay_free(home: Acts):
    week(home, 2, 100_000)
    with pytest.raises(ReadingLower):
        week(home, 1, 99_000)
    with pytest.raises(ReadingDiffers):
        week(home, 1, 130_000)
    assert week(home, 1, 107_000).status == "credited"
    with pytest.raises(PeriodClaimed):
        week(home, 1, 107_000, programme="guangdong-tanpuhui")


def test_one_meter_is_not_two_homes(home: Acts):
    week(home, 2, 100_000)
    with pytest.raises(MeterElsewhere):
        week(neighbour(home), 1, 107_000)
    with pytest.raises(MeterElsewhere):
        week(neighbour(home), 1, 107_000, programme="guangdong-tanpuhui")


def test_one_home_has_not_two_meters(home: Acts):
    week(home, 2, 100_000)
    with pytest.raises(SecondMeter):
        week(home, 1, 5_000, meter="SZ-2")


def test_who_lives_there_may_read_it(home: Acts):
    other = neighbour(home)
    households.join(
        other.member_id, home.member_id, households=home.tables.activities.households, now=NOW - 30 * DAY
    )
    week(home, 2, 100_000)
    assert week(other, 1, 107_000).status == "credited"


def test_an_unusual_use_waits_for_a_person_and_bounds_nothing_when_it_is_refused(home: Acts):
    for number in (4, 3, 2):
        week(home, number, 100_000 + 14_000 * (4 - number), used=14_000)
    odd = week(home, 1, 130_100, used=2_100, source=PartnerRecord("grid", "november"))
    assert (odd.status, odd.signals) == ("verifying", ("METER_UNUSUAL",))
    verification.refuse_activity(
        home.member_id, odd.id, "QUANTITY_DIFFERS", tables=home.tables, now=NOW + DAY
    )
    assert week(home, 1, 142_000, used=14_000).status == "credited"


def test_only_what_is_metered_takes_a_meter(home: Acts):
    with pytest.raises(MeterNotWanted):
        home.record("no_tableware", quantity={"orders": 1}, meter={"number": "SZ-1", "reading": 5})
