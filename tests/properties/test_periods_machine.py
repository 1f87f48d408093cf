"""Meters and homes, under any sequence of moves, bills and days: a day of a home is told of once, and persons were there."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from puhui.activities import recording
from puhui.activities.errors import CapReached, HouseholdMoves, PeriodClaimed, PersonsNotOnRecord
from puhui.activities.households import usecases as households
from puhui.activities.tables import Activities, Tables
from puhui.kernel import clock, ids
from puhui.ledger.api import Ledger
from puhui.store.client import DynamoDB

START = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
BEFORE = START - timedelta(days=90)
PEOPLE = [ids.new_id(BEFORE) for _ in range(3)]
PROGRAMMES = ["guangdong-tanpuhui", "green-passport-3060"]
person = st.sampled_from(PEOPLE)


class PeriodsMachine(RuleBasedStateMachine):
    """Three people, two programmes, and a clock that only goes forward. What happened is kept beside, day by day."""

    make: ClassVar[Callable[[str], str]]

    def __init__(self) -> None:
        super().__init__()
        dynamodb = DynamoDB()
        self.tables = Tables(
            Activities(dynamodb, self.make("activities")), Ledger(dynamodb, self.make("ledger"))
        )
        self.now = START
        first = clock.programme_day(BEFORE)
        count = (clock.programme_day(START) - first).days + 1
        self.home: dict[tuple[str, date], str] = {
            (who, first + timedelta(days=n)): who for who in PEOPLE for n in range(count)
        }
        self.told: set[tuple[str, date]] = set()

    @rule(days=st.integers(1, 9))
    def time_passes(self, days: int) -> None:
        for _ in range(days):
            self.now += timedelta(days=1)
            for who in PEOPLE:
                found = households.find(who, households=self.tables.activities.households, now=self.now)
                self.home[who, clock.programme_day(self.now)] = found["household_id"]

    @rule(who=person, whom=person)
    def moves_in(self, who: str, whom: str) -> None:
        if who != whom:
            with suppress(HouseholdMoves):
                households.join(who, whom, households=self.tables.activities.households, now=self.now)

    @rule(who=person)
    def moves_out(self, who: str) -> None:
        with suppress(HouseholdMoves):
            households.leave(who, households=self.tables.activities.households, now=self.now)

    @rule(
        who=person,
        days=st.integers(1, 20),
        ago=st.integers(0, 25),
        persons=st.integers(1, 3),
        programme=st.sampled_from(PROGRAMMES),
    )
    def bill(self, who: str, days: int, ago: int, persons: int, programme: str) -> None:
        last = self.now - timedelta(days=ago)
        quantity = {"consumed_wh": 400 * days, "days": days, "persons": persons}
        command = recording.RecordActivity(
            who, programme, "household_electricity", last, quantity, (), None, ""
        )
        dates = [clock.programme_day(last) - timedelta(days=n) for n in range(days)]
        wanted = {(self.home[who, day], day) for day in dates}
        there = [
            other for other in PEOPLE if all(self.home[other, day] == self.home[who, day] for day in dates)
        ]
        try:
            recording.record_activity(command, tables=self.tables, now=self.now)
        except PeriodClaimed:
            assert wanted & self.told
        except PersonsNotOnRecord:
            assert persons > 1
            assert persons > len(there) or len({home for home, _ in wanted}) > 1
        except CapReached:
            return
        else:
            assert not wanted & self.told
            assert persons <= len(there)
            self.told |= wanted


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("members_are_believed")
def test_a_day_of_a_home_is_told_of_once_whoever_moves_where(make_table: Callable[[str], str]):
    PeriodsMachine.make = staticmethod(make_table)  # type: ignore[assignment]
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    limits = settings(max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(PeriodsMachine, settings=limits)
