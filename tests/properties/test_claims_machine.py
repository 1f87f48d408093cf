"""Acts that wait, under any sequence of owner, friends and clock: the whole is claimed once, or expires."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from puhui.activities import recording, scheduled_checks
from puhui.activities.claims import collecting, shares
from puhui.activities.errors import (
    ActRepeated,
    ActsOverlap,
    CapReached,
    ClaimExpired,
    NothingToCollect,
    NotMature,
    OccurredInFuture,
)
from puhui.activities.tables import Activities, Tables
from puhui.ledger.api import Ledger, member
from puhui.ledger.audit import audit
from puhui.programmes import api as programmes
from puhui.store.client import DynamoDB

START = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
OWNER, FRIENDS = "0" * 25 + "A", ["B" * 26, "C" * 26, "D" * 26]
FOREST = "ant-forest"


class ClaimsMachine(RuleBasedStateMachine):
    """One owner, three friends, and a clock that only goes forward."""

    make: ClassVar[Callable[[str], str]]

    def __init__(self) -> None:
        super().__init__()
        dynamodb = DynamoDB()
        self.tables = Tables(
            Activities(dynamodb, self.make("activities")), Ledger(dynamodb, self.make("ledger"))
        )
        self.now = START
        self.acts: dict[str, int] = {}
        self.taken: dict[tuple[str, str], int] = {}

    @rule(hours=st.sampled_from([1, 11, 24, 71]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @precondition(lambda self: len(self.acts) < 6)
    @rule(metres=st.integers(1, 3_000), hours_ago=st.integers(0, 95))
    def ride(self, metres: int, hours_ago: int) -> None:
        at = self.now - timedelta(hours=hours_ago)
        command = recording.RecordActivity(OWNER, FOREST, "cycling", at, {"distance_m": metres}, (), None, "")
        with suppress(ActsOverlap, ActRepeated, CapReached, OccurredInFuture):
            activity = recording.record_activity(command, tables=self.tables, now=self.now)
            self.acts[activity.id] = activity.credits_mg

    @precondition(lambda self: self.acts)
    @rule(data=st.data())
    def owner_comes(self, data: Any) -> None:
        with suppress(NotMature, ClaimExpired):
            collecting.collect(OWNER, self._any(data), tables=self.tables, now=self.now)

    @precondition(lambda self: self.acts)
    @rule(data=st.data(), friend=st.sampled_from(FRIENDS))
    def friend_comes(self, data: Any, friend: str) -> None:
        activity_id = self._any(data)
        with suppress(NotMature, ClaimExpired, NothingToCollect):
            taking = shares.collect_share(friend, OWNER, activity_id, tables=self.tables, now=self.now)
            assert self.taken.setdefault((friend, activity_id), taking.mg) == taking.mg

    @rule()
    def schedule_runs(self) -> None:
        scheduled_checks.check_waiting(self.tables, "", self.now, lambda: 0, 1)

    def _any(self, data: Any) -> str:
        activity_id: str = data.draw(st.sampled_from(sorted(self.acts)))
        return activity_id

    @invariant()
    def every_milligram_is_in_one_place(self) -> None:
        balance = self.tables.ledger.balance(member(OWNER), FOREST)
        waiting = reduced = 0
        for activity_id, mg in self.acts.items():
            activity = self.tables.activities.acts.find(OWNER, activity_id)
            assert activity is not None
            taken = sum(part for (_, of), part in self.taken.items() if of == activity_id)
            assert activity.shared_mg == taken <= mg * 40 // 100
            if activity.status == "maturing":
                waiting, reduced = waiting + mg - taken, reduced + taken
            else:
                assert activity.credits_mg + activity.expired_mg == mg
                assert activity.status == "credited" or activity.credits_mg == taken
                reduced += activity.credits_mg
        assert balance.amounts.get("pending_mg", 0) == waiting
        assert balance.amounts.get("reduced_mg", 0) == reduced
        points = [self.tables.ledger.balance(member(who), FOREST).amounts.get("points", 0) for who in FRIENDS]
        assert sum(points) * 1000 == sum(self.taken.values())
        assert balance.amounts.get("points", 0) * 1000 + balance.credits_mg == reduced - sum(points) * 1000

    def teardown(self) -> None:
        self.now += timedelta(days=9)
        scheduled_checks.check_waiting(self.tables, "", self.now, lambda: 0, 1)
        self.every_milligram_is_in_one_place()
        balance = self.tables.ledger.balance(member(OWNER), FOREST)
        assert balance.amounts.get("pending_mg", 0) == 0, "in the end nothing waits"
        report = audit(self.tables.ledger)
        assert report.sound, report.differences


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("members_are_believed")
def test_whatever_comes_when_an_act_is_claimed_once_or_expires(make_table: Callable[[str], str]):
    assert programmes.programme(FOREST).claim.friends is not None
    ClaimsMachine.make = staticmethod(make_table)  # type: ignore[assignment]
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    limits = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(ClaimsMachine, settings=limits)
