"""The ledger under any sequence of what contexts do with it: nothing is made or lost, nobody is overdrawn, a replay changes nothing."""

from collections.abc import Callable
from dataclasses import replace
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
from puhui.ledger.api import (
    Hold,
    HoldResolved,
    Ledger,
    Leg,
    NotEnough,
    Transfer,
    TransferPosted,
    add_with_holds,
    credits,
    member,
    points,
    returned_lot,
)
from puhui.ledger.audit import audit
from puhui.ledger.holds import EXPIRED, PENDING_STATE, VOIDED
from puhui.store.client import DynamoDB
from puhui.store.session import Session, attempt
from tests.support.ledger import hold, post_hold, post_transfer, void_hold

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
P, PTS, CO2E = "carbon-88", points("carbon-88"), credits("carbon-88", 2026)
MEMBERS = st.sampled_from([member("A"), member("B")])
LOTS = st.sampled_from(["2026-11", "2027-03", "2028-11"])
ENDS = st.sampled_from(["post", VOIDED, EXPIRED])


class LedgerMachine(RuleBasedStateMachine):
    """Two members; what they should have is kept in plain dicts."""

    ledger: ClassVar[Ledger]
    make: ClassVar[Callable[[str], str]]

    def __init__(self) -> None:
        super().__init__()
        type(self).ledger = Ledger(DynamoDB(), self.make("ledger"))
        self.expected: dict[str, int] = {}
        self.credits: dict[str, int] = {}
        self.pending: dict[str, int] = {}
        self.posted: list[Transfer] = []
        self.refunded: set[str] = set()
        self.holds: list[tuple[str, str, int]] = []
        self.promises: list[tuple[str, str]] = []
        self.count = 0

    def _transfer(self, kind: str, *legs: Leg) -> Transfer:
        self.count += 1
        return Transfer(ids.derived_id(NOW, str(self.count)), kind, NOW, legs)

    def _post(self, transfer: Transfer) -> Transfer:
        posted = post_transfer(transfer, ledger=self.ledger, now=NOW)
        self.posted.append(transfer)
        return posted

    def _end(self, who: str, hold_id: str, end: str) -> bool:
        """End a hold; whether it was pending. One that ended otherwise stays as it is."""
        before = self.ledger.hold(who, hold_id)
        assert before is not None
        try:
            if end == "post":
                post_hold(who, hold_id, ledger=self.ledger, now=NOW)
            else:
                void_hold(who, hold_id, ledger=self.ledger, now=NOW, state=end)
        except HoldResolved:
            assert before.state != PENDING_STATE
        return before.state == PENDING_STATE

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
        post_transfer(data.draw(st.sampled_from(self.posted)), ledger=self.ledger, now=NOW)

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def refund(self, data: Any) -> None:
        """Points that were spent come back once, into the lots they were taken from; the id is the spending's."""
        spent = data.draw(st.sampled_from(self.posted))
        if spent.kind != "redemption":
            return
        who = spent.owners[0]
        stored = self.ledger.transfer(who, spent.id)
        assert stored is not None
        legs = tuple(
            replace(leg, amount=-leg.amount, lot=returned_lot(leg.lot, TODAY) if leg.lot else "")
            for leg in stored.legs
        )
        back = Transfer(ids.derived_id(NOW, spent.id, "refund"), "refund", NOW, legs)
        post_transfer(back, ledger=self.ledger, now=NOW)
        if spent.id not in self.refunded:
            self.refunded.add(spent.id)
            self.expected[who] += sum(leg.amount for leg in legs if leg.account == who)

    @rule(who=MEMBERS, amount=st.integers(1, 300))
    def hold(self, who: str, amount: int) -> None:
        self.count += 1
        legs = (Leg(who, PTS, -amount), Leg(f"retired:{P}", PTS, amount))
        wanted = Hold(f"H{self.count}", who, legs, NOW + timedelta(hours=1))
        try:
            hold(wanted, ledger=self.ledger, now=NOW)
        except NotEnough:
            assert self.expected.get(who, 0) < amount
        else:
            hold(wanted, ledger=self.ledger, now=NOW)
            self.expected[who] -= amount
            self.holds.append((wanted.id, who, amount))

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), end=ENDS)
    def end_hold(self, data: Any, end: str) -> None:
        hold_id, who, amount = data.draw(st.sampled_from(self.holds))
        if self._end(who, hold_id, end) and end != "post":
            self.expected[who] += amount

    @rule(who=MEMBERS, mg=st.integers(1, 5_000))
    def promise(self, who: str, mg: int) -> None:
        """An act that is being verified: its credits are pending."""
        self.count += 1
        wanted = Hold(f"H{self.count}", who, _issued(who, mg), NOW + timedelta(hours=1))
        for _ in range(2):
            self._write(opened=[wanted])
        self.pending[who] = self.pending.get(who, 0) + mg
        self.promises.append((wanted.id, who))

    @precondition(lambda self: self.promises)
    @rule(data=st.data(), mg=st.integers(1, 5_000))
    def share(self, data: Any, mg: int) -> None:
        """A promise of another size, as when friends collect a part of it."""
        hold_id, who = data.draw(st.sampled_from(self.promises))
        before = self.ledger.hold(who, hold_id)
        assert before is not None
        try:
            self._write(resized=[(before, replace(before, legs=_issued(who, mg)))])
        except HoldResolved:
            assert before.state != PENDING_STATE
        else:
            self.pending[who] += mg - _mg(before)

    @precondition(lambda self: self.promises)
    @rule(data=st.data(), end=ENDS)
    def end_promise(self, data: Any, end: str) -> None:
        hold_id, who = data.draw(st.sampled_from(self.promises))
        held = self.ledger.hold(who, hold_id)
        assert held is not None
        if self._end(who, hold_id, end):
            self.pending[who] -= _mg(held)
            self.credits[who] = self.credits.get(who, 0) + (_mg(held) if end == "post" else 0)

    def _write(self, **holds: Any) -> None:
        def build(session: Session) -> None:
            add_with_holds(session, [], {}, **holds, ledger=self.ledger, now=NOW)

        try:
            attempt(self.ledger.dynamodb, build)
        except TransferPosted:
            return

    @invariant()
    def nobody_has_more_or_less_than_they_should(self) -> None:
        for who in {*self.expected, *self.pending}:
            balance = self.ledger.balance(who, P)
            amount = self.expected.get(who, 0)
            assert balance.amounts.get("points", 0) == balance.points(TODAY) == amount >= 0
            assert (balance.pending_mg, balance.credits_mg) == (
                self.pending.get(who, 0),
                self.credits.get(who, 0),
            )

    def teardown(self) -> None:
        report = audit(self.ledger)
        assert report.sound, report.differences


def _issued(who: str, mg: int) -> tuple[Leg, Leg]:
    return Leg(f"issuance:{P}", CO2E, -mg), Leg(who, CO2E, mg)


def _mg(held: Hold) -> int:
    return sum(leg.amount for leg in held.legs if leg.amount > 0)


@pytest.mark.timeout(300)
def test_the_ledger_holds_under_any_sequence_of_commands(make_table: Callable[[str], str]):
    LedgerMachine.make = staticmethod(make_table)  # type: ignore[assignment]
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    limits = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(LedgerMachine, settings=limits)
