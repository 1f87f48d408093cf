"""However often points are spent and come back, none of them lives beyond the month after its first end."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from puhui.kernel import clock
from puhui.kernel.errors import Conflict
from puhui.ledger.api import CAME_BACK, is_spendable, last_month, lot_end, member, returned_lot
from puhui.ledger.audit import audit
from puhui.rewards.redemptions.model import FULFILLED, PROCESSING, Redemption
from tests.contracts.points.conftest import NOW, PARTNER, Town

DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
LOTS = DAYS.map(lambda day: f"{day.year}-{day.month:02}")
ACTS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["buy", "order", "coupon", "give back", "fail", "run"])),
    min_size=4,
    max_size=40,
)


@given(lot=LOTS, days=st.lists(DAYS, min_size=1, max_size=30))
def test_a_lot_that_comes_back_again_and_again_ends_with_the_month_after_its_own(lot: str, days: list[date]):
    first_end = lot_end(lot)
    for day in sorted(days):
        lot = returned_lot(lot, day)
        assert first_end <= lot_end(lot) <= first_end + timedelta(days=31)
        assert is_spendable(lot, day) == (clock.day_start(day) < lot_end(lot))
        if clock.day_start(day) < first_end:
            assert lot_end(lot) == first_end  # nobody gains anything before the end


@given(LOTS)
def test_a_grace_is_the_one_month_after(lot: str):
    grace = lot + CAME_BACK
    year, month = divmod(int(lot[:4]) * 12 + int(lot[5:]), 12)
    assert last_month(grace) == f"{year}-{month + 1:02}"
    assert lot < grace < last_month(grace)  # the order of names is the order of ends


class Hoarder:
    """Somebody who buys things only to give them back."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.me = town.member(_2026_11=700, _2026_12=700, _2027_03=700)
        town.put(stock=900, cancellable=True)
        town.sponsored("tea", "coupon", stock=900, cancellable=True, sponsor=None)
        town.sponsored(
            "ride",
            "service",
            partner_id=PARTNER,
            partner_item="ride",
            stock=900,
            cancellable=True,
            sponsor=None,
        )

    def act(self, what: str) -> None:
        town, day = self.town, clock.programme_day(self.town.now)
        if what == "run":
            town.run(day.isoformat(), again=f"{town.id()}")
        elif what in ("buy", "order", "coupon"):
            town.redeem(self.me, {"buy": "cola", "order": "ride", "coupon": "tea"}[what], 3)
        elif what == "fail":
            for each in self.redemptions(PROCESSING):
                town.answer(each, "refused")
        else:
            for each in self.redemptions(FULFILLED):
                if what == "give back":
                    with suppress(Conflict):  # too late
                        town.cancel(each)

    def redemptions(self, status: str) -> list[Redemption]:
        return [each for each in self.town.rewards.member_items(self.me)[0] if each.status == status]

    def check(self, now: datetime) -> None:
        balance = self.town.ledger.balance(member(self.me), self.town_programme)
        for lot in balance.spendable(clock.programme_day(now)):
            assert lot.removesuffix(CAME_BACK) in ("2026-11", "2026-12", "2027-03")
            assert now < lot_end(lot)

    town_programme = "guangdong-tanpuhui"


@given(acts=ACTS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@pytest.mark.timeout(300)
def test_nobody_keeps_points_by_buying_and_giving_back(
    make_table: Callable[[str], str], acts: list[tuple[int, str]]
):
    hoarder = Hoarder(Town(make_table))
    town: Any = hoarder.town
    for days, what in acts:
        town.now += timedelta(days=days)
        with suppress(Conflict):
            hoarder.act(what)
        hoarder.check(town.now)
    for what in ("fail", "give back"):
        hoarder.act(what)
    town.now = max(town.now, lot_end("2027-03" + CAME_BACK))  # a month after the last first end
    assert (
        town.ledger.balance(member(hoarder.me), hoarder.town_programme).spendable(
            clock.programme_day(town.now)
        )
        == {}
    )
    town.run(clock.programme_day(town.now).isoformat(), again="last")
    assert not town.lots(hoarder.me)
    assert audit(town.ledger).sound


def test_buying_and_giving_back_every_two_months_keeps_nothing(make_table: Callable[[str], str]):
    """What worked before: spend just before the end, come back after it, and have two months again."""
    town = Town(make_table)
    me = town.member(_2026_11=300)
    town.sponsored("tea", "coupon", stock=900, cancellable=True, sponsor=None, valid_days=365)
    bought = town.redeem(me, "tea", 3, now=NOW)
    town.now = clock.from_text("2026-12-05T12:00:00+08:00")
    town.cancel(bought)
    assert town.lots(me) == {"2026-11+": 300}
    bought = town.redeem(me, "tea", 3)  # in December they can be spent
    town.now = clock.from_text("2027-01-05T12:00:00+08:00")
    town.cancel(bought)
    with pytest.raises(Conflict):
        town.redeem(me, "tea", 1)
    assert town.run("2027-02-01")["expired_points"] == 300
    [ended] = town.statement(me, "expire")
    assert ended.reference == "2026-12"
    assert town.report()["reconciles"]
