"""Redemptions with a partner, under any sequence of members, steps, answers, failures and time: the good once, or the points back.

Steps run in any order and any number of times, two of them interleaved at every I/O, and die after any I/O; requests to the
partner and its answers get lost; it answers late, twice, and may or may not take back what it issued.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from puhui.rewards.redemptions.model import QUEUED, Redemption
from tests.faults.redemptions import Killed, Turns, surroundings

STEPS = st.sampled_from(["issue", "wait", "cancel_order", "cancel_order", "end", "end", "cancel", "letter"])
LIVES = st.sampled_from(
    [None, None, None, 1, 2, 3, 4, 5, 6, 8]
)  # after how many I/Os a step dies; None: it lives
LOST = st.sampled_from(["", "", "before", "after"])  # the request to the partner, or its answer
PASTS = st.sampled_from(
    [
        [],
        ["issue"],
        ["issue", "wait"],
        ["issue", "decide", "letter"],
        ["issue", "decide", "letter", "end"],
        ["issue", "decide", "letter", "end", "cancel"],
    ]
)


class Played(Turns):
    """A world in which one process dies when it is told to."""

    life: int | None = None

    def effect_done(self) -> None:
        if self.calm or self.life is None:
            return
        self.life -= 1
        if self.life < 0:
            raise Killed


class SagaMachine(RuleBasedStateMachine):
    """Two members, one partner, and a clock that only goes forward."""

    @initialize(
        seed=st.integers(0, 99), past=PASTS, lanes=st.sampled_from([0, 0, 2]), takes_back=st.booleans()
    )
    def begin(self, seed: int, past: list[str], lanes: int, takes_back: bool) -> None:
        self.it = Played(seed, lanes=lanes, kill_chance=0.0, lose_chance=0.0)
        self.it.begin = self.it.waiting.append  # type: ignore[method-assign] the steps below are the executions
        self.partner = self.it.partner
        self.partner.lost = lambda: ""
        self.partner.hurries = lambda: False
        self.partner.fate = lambda: "accepted" if seed % 3 else "issued"
        self.partner.cancellable = lambda: takes_back
        self.around = surroundings(self.it)
        self.around.__enter__()
        self.redeem(0, 2, "first", None)
        for name in past:
            self.it.at_once(self.step(self.it.redemptions()[0], name))

    def run(self, *works: Callable[[], Any], life: int | None = None, lost: str = "") -> None:
        self.partner.lost = lambda: lost
        self.it.life = life
        self.it.at_once(*works)
        self.it.life = None
        self.partner.lost = lambda: ""

    def step(self, of: Redemption, name: str) -> Callable[[], Any]:
        """Something that happens to one redemption."""
        given = {"member_id": of.member_id, "redemption_id": of.id, "mode": "issue"}
        steps: dict[str, Callable[[], Any]] = {
            "issue": lambda: self.it.issue(given),
            "wait": lambda: self.it.wait(given, f"token-{len(self.it.tokens)}"),
            "cancel_order": lambda: self.it.cancel_order(given),
            "end": lambda: self.it.end(given),
            "cancel": lambda: self.it.cancel(of),
            "decide": lambda: of.id in self.partner.orders and self.partner.decide(of.id, "issued", 2),
            "letter": lambda: self.partner.letters and self.it.deliver(0, keep=True),
        }
        return steps[name]

    def a_step(self, data: Any) -> Callable[[], Any]:
        """Any step of any redemption that was not just queued."""
        made = [each for each in self.it.redemptions() if each.status != QUEUED]
        return self.step(data.draw(st.sampled_from(made)), data.draw(STEPS)) if made else lambda: None

    @rule(member=st.integers(0, 1), quantity=st.integers(1, 3), key=st.sampled_from("ab"), life=LIVES)
    def redeem(self, member: int, quantity: int, key: str, life: int | None) -> None:
        who = list(self.it.given)[member]
        self.run(lambda: self.it.redeem(who, quantity, f"{key}{quantity}"), life=life)
        while self.it.consume("serve") | self.it.consume("follow"):
            pass

    @rule(data=st.data(), life=LIVES, lost=LOST)
    def a_step_runs(self, data: Any, life: int | None, lost: str) -> None:
        self.run(self.a_step(data), life=life, lost=lost)

    @rule(data=st.data(), lost=LOST)
    def another_step_runs(self, data: Any, lost: str) -> None:
        self.run(self.a_step(data), lost=lost)

    @rule(data=st.data(), lost=LOST)
    def two_steps_run_at_once(self, data: Any, lost: str) -> None:
        self.run(self.a_step(data), self.a_step(data), lost=lost)

    @precondition(lambda self: self.partner.orders)
    @rule(data=st.data(), fate=st.sampled_from(["issued", "issued", "refused"]), letters=st.integers(0, 2))
    def the_partner_decides(self, data: Any, fate: str, letters: int) -> None:
        order_id = data.draw(st.sampled_from(sorted(self.partner.orders)))
        self.partner.decide(order_id, fate, letters)
        if letters == 0:
            self.partner.harden(order_id)

    @rule(minutes=st.sampled_from([1, 61, 24 * 60]), life=LIVES, lost=LOST)
    def the_watch_comes_later(self, minutes: int, life: int | None, lost: str) -> None:
        self.it.now += timedelta(minutes=minutes)
        self.run(self.it.reconcile, life=life, lost=lost)

    @rule()
    def a_settlement_claims(self) -> None:
        self.run(self.it.settle)

    @rule(consumer=st.sampled_from(["serve", "follow"]), back=st.integers(0, 3))
    def the_stream_comes_again(self, consumer: str, back: int) -> None:
        self.it.read[consumer] = max(0, self.it.read[consumer] - back)
        self.run(lambda: self.it.consume(consumer))

    def teardown(self) -> None:
        if not hasattr(self, "it"):
            return
        try:
            self.it.come_to_rest()
            self.it.check()
        finally:
            self.around.__exit__(None, None, None)
            self.it.close()


@pytest.mark.timeout(300)
def test_whatever_happens_to_redemptions_each_ends_with_the_good_or_with_the_points():
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    limits = settings(max_examples=50, stateful_step_count=20, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(SagaMachine, settings=limits)
