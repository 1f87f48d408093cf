"""Which day what is due on, what expires under which id, and how it is told."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.kernel import clock, ids
from puhui.ledger.api import NO_EXPIRY, Balance, lot_end, lot_of
from puhui.points.errors import DayNotToday
from puhui.points.expiry import day_asked
from puhui.points.model import (
    BEGUN,
    DONATE,
    DONATED,
    EXPIRE,
    NO_PIECE,
    PIECES_MAX,
    REFUSED,
    REMIND,
    Choice,
    Donation,
    ended,
    expiring,
    forecast,
    has_work,
    notice,
    planned,
    remind_at,
    steps_of,
    steps_on,
)

NOW = clock.from_text("2026-11-20T12:00:00+08:00")
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))


def balance(**lots: int) -> Balance:
    named = {lot.removeprefix("_").replace("_", "-"): held for lot, held in lots.items()}
    return Balance("member:m", "carbon-88", {"points": sum(named.values())}, named, 7)


@pytest.mark.parametrize(
    ("day", "lot", "steps"),
    [
        ("2026-11-23", "2026-11", ()),
        ("2026-11-24", "2026-11", (REMIND,)),
        ("2026-11-27", "2026-11", (REMIND,)),
        ("2026-11-28", "2026-11", (REMIND, DONATE)),
        ("2026-11-30", "2026-11", (REMIND, DONATE)),
        ("2026-12-01", "2026-11", (EXPIRE,)),
        ("2027-07-15", "2026-11", (EXPIRE,)),
        ("2026-11-30", "2026-12", ()),
        ("2028-02-26", "2028-02", (REMIND,)),  # a leap year's
        ("2028-02-27", "2028-02", (REMIND, DONATE)),
        ("2026-12-31", "2026-12", (REMIND, DONATE)),
        ("2027-01-01", "2026-12", (EXPIRE,)),
        ("2027-01-01", NO_EXPIRY, ()),
    ],
)
def test_what_is_due_on_a_day(day: str, lot: str, steps: tuple[str, ...]):
    assert steps_on(date.fromisoformat(day), lot) == steps


@given(DAYS)
def test_a_lot_expires_from_the_moment_it_cannot_be_spent_any_more(day: date):
    lot = lot_of(day)
    first = clock.programme_day(lot_end(lot))
    assert EXPIRE not in steps_on(first - timedelta(days=1), lot)
    assert steps_on(first, lot) == (EXPIRE,)
    assert first.day == 1


@given(DAYS)
def test_reminders_begin_when_the_forecast_says(day: date):
    first = clock.programme_day(remind_at(lot_of(day)))
    assert steps_on(first, lot_of(day)) == (REMIND,)
    assert steps_on(first - timedelta(days=1), lot_of(day)) == ()


@given(DAYS)
def test_days_without_work_are_those_on_which_nothing_new_can_be_due(day: date):
    everything = {lot_of(day - timedelta(days=n)) for n in range(0, 90, 20)}
    new = {(lot, step) for lot in everything for step in steps_on(day, lot) if step != EXPIRE or day.day == 1}
    assert has_work(day) == bool(new)


def test_another_day_than_today_is_for_the_local_stage():
    assert day_asked("2026-11-29", "local", NOW) == date(2026, 11, 29)
    for stage in ("local", "test", "prod", ""):
        assert day_asked("", stage, NOW) == date(2026, 11, 20)
    for stage in ("test", "prod", "Local", ""):
        for day in ("2026-11-29", "2026-11-20", "x"):
            with pytest.raises(DayNotToday):
                day_asked(day, stage, NOW)


def test_only_lots_that_hold_something_are_due():
    assert steps_of(balance(_2026_10=0, _2026_11=5), date(2026, 11, 20)) == frozenset()
    assert steps_of(balance(_2026_10=1, _2026_11=5), date(2026, 11, 30)) == {EXPIRE, REMIND, DONATE}
    assert ended(balance(_2026_10=1, _2026_09=2, _2026_08=0, _2026_11=5), date(2026, 11, 20)) == [
        "2026-09",
        "2026-10",
    ]


def test_an_expiry_is_named_by_its_moment_account_lot_and_version():
    held = balance(_2026_09=2, _2026_10=3)
    transfer = expiring(held, "2026-10", NOW)
    assert [(leg.account, leg.amount, leg.lot) for leg in transfer.legs] == [
        ("member:m", -3, "2026-10"),
        ("expired:carbon-88", 3, ""),
    ]
    later = NOW + timedelta(days=40)
    assert ids.time_of(transfer.id) == NOW  # statements go by ids
    assert ids.time_of(expiring(held, "2026-10", later).id) == later
    assert expiring(held, "2026-10", NOW).id == transfer.id
    others = [
        expiring(held, "2026-09", NOW),
        expiring(Balance(held.account, held.unit, held.amounts, held.lots, 8), "2026-10", NOW),
        expiring(Balance("member:n", held.unit, held.amounts, held.lots, 7), "2026-10", NOW),
        expiring(Balance(held.account, "ant-forest", held.amounts, held.lots, 7), "2026-10", NOW),
    ]
    assert len({transfer.id, *(other.id for other in others)}) == 5


CHOICE = Choice("m", "carbon-88", DONATE, "trees", 100)


def donation(status: str, reward_id: str = "trees", lot: str = "2026-11") -> Donation:
    return Donation("m", "carbon-88", lot, 1, status, reward_id, 1, 100)


def test_a_donation_takes_whole_pieces_only():
    plan = planned(CHOICE, 100, 250, "2026-11", None)
    assert (plan.status, plan.pieces, plan.points, plan.attempt) == (BEGUN, 2, 200, 1)
    assert planned(CHOICE, 1, 5 * PIECES_MAX, "2026-11", None).pieces == PIECES_MAX
    short = planned(CHOICE, 100, 99, "2026-11", plan)
    assert (short.status, short.code, short.attempt) == (REFUSED, NO_PIECE, 2)
    assert planned(CHOICE, None, 99, "2026-11", None).code == "REWARD_NOT_FOUND"
    assert plan.key != planned(CHOICE, 100, 250, "2026-11", plan).key


@pytest.mark.parametrize(
    ("choice", "held", "ends_as"),
    [
        (Choice("m", "carbon-88"), 500, "expiry"),
        (CHOICE, 100, "donation"),
        (CHOICE, 99, "expiry"),
        (Choice("m", "carbon-88", DONATE, "trees", 100, donation(DONATED)), 500, "expiry"),
        (Choice("m", "carbon-88", DONATE, "trees", 100, donation(REFUSED)), 500, "expiry"),
        (Choice("m", "carbon-88", DONATE, "trees", 100, donation(REFUSED, "birds")), 500, "donation"),
        (Choice("m", "carbon-88", DONATE, "trees", 100, donation(DONATED, lot="2026-10")), 500, "donation"),
    ],
)
def test_the_forecast_says_as_what_a_lot_ends(choice: Choice, held: int, ends_as: str):
    assert choice.ends_as("2026-11", held) == ends_as


def test_a_forecast_lists_what_can_be_spent_and_when_it_ends():
    held = balance(_2026_10=9, _2026_11=100, _2028_02=50, _9999_12=7)
    told = forecast(held, CHOICE, NOW)
    assert told == {
        "programme_id": "carbon-88",
        "points": 157,
        "lots": [
            {
                "points": 100,
                "expires_at": "2026-12-01T00:00:00+08:00",
                "remind_at": "2026-11-24T00:00:00+08:00",
                "ends_as": "donation",
            },
            {
                "points": 50,
                "expires_at": "2028-03-01T00:00:00+08:00",
                "remind_at": "2028-02-23T00:00:00+08:00",
                "ends_as": "expiry",
            },
        ],
        "choice": {
            "programme_id": "carbon-88",
            "choice": "donate",
            "title": {"zh-CN": "到期前捐赠", "en": "Donate them before they end"},
            "reward_id": "trees",
        },
    }


def test_a_reminder_fits_the_template():
    told = notice("一个名字特别长的碳普惠项目" * 3, 465, "2026-11")
    assert len(told["thing1"]) <= 20
    assert len(told["thing4"]) <= 20
    assert (told["number2"], told["time3"]) == ("465", "2026-11-30 23:59")
