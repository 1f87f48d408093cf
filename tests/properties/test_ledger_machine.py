"""The ledger under any sequence of commands: nothing is made or lost, nobody is overdrawn, a replay changes nothing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
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

from puhui.kernel import ids
from puhui.ledger import usecases
from puhui.ledger.audit import audit
from puhui.ledger.dynamo import Ledger
from puhui.ledger.errors import AlreadyReversed, HoldResolved, NotEnough
from puhui.ledger.holds import Hold
from puhui.ledger.model import Leg, Transfer, member, points
from puhui.store.client import DynamoDB

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
P, PTS = "carbon-88", points("carbon-88")
MEMBERS = st.sampled_from([member("A"), member("B")])
LOTS = st.sampled_from(["2026-11", "2027-03", "2028-11"])


class LedgerMachine(RuleBasedStateMachine):
    """Two members; what they should have is kept in a plain dict."""

    ledger: ClassVar[Ledger]
    make: ClassVar[Callable[[str], str]]

    def __init__(self) -> None:
        super().__init__()
        type(self).ledger = Ledger(DynamoDB(), self.make("ledger"))
        self.expected: dict[str, int] = {}
        self.posted: list[Transfer] = []
        self.holds: list[tuple[str, str, int]] = []
        self.count = 0

    def _transfer(self, kind: str, *legs: Leg) -> Transfer:
        self.count += 1
        return Transfer(ids.derived_id(NOW, str(self.count)), kind, NOW, legs)

    def _post(self, transfer: Transfer) -> None:
        usecases.post_transfer(transfer, ledger=self.ledger, now=NOW)
        self.posted.append(transfer)

    @rule(who=MEMBERS, amount=st.integers(1, 500), lot=LOTS)
    def earn(self, who: str, amount: int, lot: str) -> None:
        self._post(self._transfer("credit", Leg(f"issuance:{P}", PTS, -amount), Leg(who, PTS, amount, lot)))
        self.expected[who] = self.expected.get(who, 0) + amount

    @rule(who=MEMBERS, amount=st.integers(1, 500))
    def spend(self, who: str, amount: int) -> None:
        try:
            self._post(self._transfer("redemption", Leg(who, PTS, -amount), Leg(f"retired:{P}", PTS, amount)))
        except NotEnough:
            assert self.expected.get(who, 0) < amount
        else:
            self.expected[who] -= amount

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def replay(self, data: Any) -> None:
        usecases.post_transfer(data.draw(st.sampled_from(self.posted)), ledger=self.ledger, now=NOW)

    @rule(who=MEMBERS, amount=st.integers(1, 300))
    def hold(self, who: str, amount: int) -> None:
        self.count += 1
        legs = (Leg(who, PTS, -amount), Leg(f"retired:{P}", PTS, amount))
        wanted = Hold(f"H{self.count}", who, legs, NOW + timedelta(hours=1))
        try:
            usecases.hold(wanted, ledger=self.ledger, now=NOW)
        except NotEnough:
            assert self.expected.get(who, 0) < amount
        else:
            self.expected[who] -= amount
            self.holds.append((wanted.id, who, amount))

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), deps=st.booleans())
    def end_hold(self, data: Any, post: bool) -> None:
        hold_id, who, amount = data.draw(st.sampled_from(self.holds))
        before = self.ledger.hold(who, hold_id)
        assert before is not None
        end = usecases.post_hold if post else usecases.void_hold
        try:
            end(who, hold_id, ledger=self.ledger, now=NOW)
        except HoldResolved:
            assert before.state != "pending"
            return
        if before.state == "pending" and not post:
            self.expected[who] += amount

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def reverse(self, data: Any) -> None:
        transfer = data.draw(st.sampled_from(self.posted))
        who = transfer.owners[0]
        moved = sum(leg.amount for leg in transfer.legs if leg.account == who)
        try:
            usecases.reverse(who, transfer.id, ledger=self.ledger, now=NOW)
        except (AlreadyReversed, NotEnough):
            return
        self.expected[who] -= moved

    @invariant()
    def nobody_has_more_or_less_than_they_should(self) -> None:
        for who, amount in self.expected.items():
            balance = self.ledger.balance(who, P)
            assert balance.amounts.get("points", 0) == balance.points(TODAY) == amount >= 0

    def teardown(self) -> None:
        report = audit(self.ledger)
        assert report.sound, report.differences


@pytest.mark.timeout(300)
def test_the_ledger_holds_under_any_sequence_of_commands(make_table: Callable[[str], str]):
    LedgerMachine.make = staticmethod(make_table)  # type: ignore[assignment]
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    limits = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(LedgerMachine, settings=limits)
