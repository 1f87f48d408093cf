"""What transfers do to balances, worked out without a table."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.ledger.errors import NotEnoughPoints
from puhui.ledger.model import Balance, Leg, Transfer, credits, lot_end, lot_expiring, of, points
from puhui.ledger.planning import plan

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TODAY = date(2026, 11, 20)
PTS, CO2E = points("carbon-88"), credits("carbon-88", 2026)


def spending(amount: int) -> Transfer:
    return Transfer(
        "T1", "spend", NOW, (Leg("member:M", PTS, -amount), Leg("retired:carbon-88", PTS, amount))
    )


def holding(lots: dict[str, int]) -> dict[tuple[str, str], Balance]:
    return of([Balance("member:M", "carbon-88", {"points": sum(lots.values())}, lots, 3)])


def test_the_oldest_points_are_spent_first():
    found = plan([spending(150)], holding({"2027-02": 100, "2026-12": 100}), TODAY)
    ((_, legs),) = found.transfers
    assert [(leg.amount, leg.lot) for leg in legs if leg.lot] == [(-100, "2026-12"), (-50, "2027-02")]
    (change,) = found.changes
    assert (change.emptied, change.lots, change.version) == (("2026-12",), {"2027-02": -50}, 3)


def test_points_whose_month_is_over_cannot_be_spent():
    with pytest.raises(NotEnoughPoints) as error:
        plan([spending(150)], holding({"2026-10": 100, "2026-11": 100}), TODAY)
    assert error.value.details == {"needed": 150, "available": 100}


@given(
    st.dictionaries(st.sampled_from(["2026-10", "2026-11", "2027-01", "2028-05"]), st.integers(1, 500)),
    st.integers(1, 2000),
)
def test_spending_takes_exactly_what_was_asked_or_nothing(lots: dict[str, int], amount: int):
    usable = sum(value for lot, value in lots.items() if lot >= "2026-11")
    try:
        found = plan([spending(amount)], holding(lots), TODAY)
    except NotEnoughPoints:
        assert usable < amount
        return
    ((_, legs),) = found.transfers
    assert sum(leg.amount for leg in legs if leg.account == "member:M") == -amount
    assert all(-leg.amount <= lots[leg.lot] for leg in legs if leg.lot)


def test_what_only_passes_through_an_account_needs_nothing_there():
    legs = (
        Leg("issuance:carbon-88", CO2E, -1000),
        Leg("member:M", CO2E, 1000),
        Leg("member:M", CO2E, -1000),
        Leg("pool:carbon-88", CO2E, 1000),
    )
    (change,) = plan([Transfer("T1", "credit", NOW, legs)], {}, TODAY).changes
    assert (change.deltas, change.needs) == ({"reduced_mg": 1000, "pooled_2026": 1000}, {})


@pytest.mark.parametrize(
    "legs",
    [
        (Leg("issuance:p", CO2E, -2), Leg("member:M", CO2E, 1)),
        (Leg("issuance:p", CO2E, -1), Leg("member:M", PTS, 1)),
        (Leg("issuance:p", CO2E, -1), Leg("pool:p", CO2E, 1)),
    ],
)
def test_legs_that_do_not_balance_or_touch_nobody_are_no_transfer(legs: tuple[Leg, ...]):
    with pytest.raises(ValueError, match=r"legs|account"):
        Transfer("T1", "credit", NOW, legs)


@pytest.mark.parametrize("amount", [1.0, True, "1", None])
def test_an_amount_is_an_integer(amount: object):
    with pytest.raises(TypeError):
        Leg("member:M", CO2E, amount)  # type: ignore[arg-type]


def test_points_of_november_with_two_years_end_with_november_in_two_years():
    assert lot_expiring(date(2026, 11, 20), 24) == "2028-11"
    assert lot_expiring(date(2026, 12, 1), 1) == "2027-01"
    assert lot_end("2028-11").isoformat() == "2028-12-01T00:00:00+08:00"
    assert lot_end("2028-12").isoformat() == "2029-01-01T00:00:00+08:00"
