"""Members, executions, the stream, ``reconcile``, the partner and a settlement, interleaved at every I/O and killed at any."""

from dataclasses import replace
from typing import Any

import pytest

from puhui.rewards.payables import Payable, PayableRepository
from puhui.rewards.redemptions import answers, saga
from puhui.rewards.redemptions.model import CANCELLATION_SENT, CANCELLED, ISSUED, Redemption
from puhui.rewards.redemptions.repository import RedemptionRepository
from puhui.store.session import Session
from tests.faults.redemptions import Duel, Turns, surroundings

PARTS, WORLDS_A_PART, DUELS_A_PART = 4, 8, 80
MUTANT_RUNS = 150


def world(seed: int) -> Turns:
    return Turns(
        seed,
        kill_chance=(0.0, 0.005, 0.02)[seed % 3],
        lose_chance=(0.0, 0.03)[seed % 2],
        gremlin=seed % 4 == 3,
        members=1 + seed % 2,
        lanes=2 * (seed % 5 == 4),
        merchant=seed % 7 != 6,
        cancellable=seed % 8 != 7,
    )


def play(it: Turns) -> None:
    """A world from its beginning to its check."""
    try:
        with surroundings(it):
            it.run()
            it.check()
    finally:
        it.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_dies_a_redemption_ends_with_the_good_or_with_the_points(part: int):
    for seed in range(part * WORLDS_A_PART, (part + 1) * WORLDS_A_PART):
        play(world(seed))


@pytest.mark.parametrize("part", range(PARTS))
def test_whoever_comes_together_a_redemption_ends_with_the_good_or_with_the_points(part: int):
    for seed in range(part * DUELS_A_PART, (part + 1) * DUELS_A_PART):
        play(Duel(seed))


def goes_wrong(seed: int, scene: int) -> bool:
    """Whether something goes wrong in this duel."""
    try:
        play(Duel(seed, scene))
    except Exception:  # noqa: BLE001 whatever it is, the guard was needed
        return True
    return False


CHANGE, CLAIM = RedemptionRepository.change, PayableRepository.add_claim
DECIDED, END_RETURN, RECORD_ANSWER = answers._decided, saga._end_return, saga.record_answer


def a_change_without_lock(
    self: RedemptionRepository, session: Session, before: Redemption, after: Redemption
) -> Redemption:
    """A next state that is written whatever was written meanwhile."""
    changed = CHANGE(self, session, before, after)
    put = session.actions[-1]["Put"]
    assert put["ConditionExpression"] == "version = :read"
    for what in [name for name in put if name.startswith(("Condition", "Expression", "Return"))]:
        del put[what]
    return changed


def a_claim_that_counts_no_version(
    self: PayableRepository, session: Session, payable: Payable, settlement_id: str
) -> None:
    """A claim that no other writer can notice."""
    CLAIM(self, session, payable, settlement_id)
    update = session.actions[-1]["Update"]
    assert update["UpdateExpression"].endswith(" ADD version :one")
    update["UpdateExpression"] = update["UpdateExpression"].removesuffix(" ADD version :one")
    del update["ExpressionAttributeValues"][":one"]


def without_intent(member_id: str, redemption_id: str, deps: saga.Dependencies) -> Redemption:
    current = deps.rewards.redemptions.find(member_id, redemption_id)
    return replace(current, answer=current.answer or CANCELLATION_SENT)


def believing_an_older_answer(
    before: Redemption, answer: Any, voucher: bytes, *, cancellation_rejected: bool
) -> Redemption:
    if before.answer == CANCELLATION_SENT:
        before = replace(before, answer="")
    return DECIDED(before, answer, voucher, cancellation_rejected=cancellation_rejected)


def without_recording_a_rejected_cancellation(
    member_id: str,
    redemption_id: str,
    answer: Any,
    *,
    deps: saga.Dependencies,
    cancellation_rejected: bool = False,
) -> Redemption:
    if cancellation_rejected:
        return replace(deps.rewards.redemptions.find(member_id, redemption_id), answer=ISSUED)
    return RECORD_ANSWER(member_id, redemption_id, answer, deps=deps)


def a_return_that_ends_unanswered(
    session: Session, current: Redemption, deps: saga.Dependencies, now: Any
) -> Redemption:
    if current.answer == CANCELLED:
        return END_RETURN(session, current, deps, now)
    after = replace(current, cancelling=False, next_check_at=None)
    return deps.rewards.redemptions.change(session, current, after)


@pytest.mark.parametrize(
    ("place", "name", "broken", "scene"),
    [
        (RedemptionRepository, "change", a_change_without_lock, 3),
        (RedemptionRepository, "change", a_change_without_lock, 0),
        (RedemptionRepository, "change", a_change_without_lock, 2),
        (RedemptionRepository, "change", a_change_without_lock, 10),
        (PayableRepository, "add_claim", a_claim_that_counts_no_version, 10),
        (Redemption, "is_open", property(lambda _redemption: True), 1),
        (saga, "_note_cancellation", without_intent, 1),
        (answers, "_decided", believing_an_older_answer, 0),
        (saga, "record_answer", without_recording_a_rejected_cancellation, 0),
        (saga, "_end_return", a_return_that_ends_unanswered, 12),
    ],
    ids=[
        "lock against another status",
        "lock against another answer",
        "lock against a cancellation",
        "lock against a settlement",
        "a claim raises the version",
        "no answer after the end",
        "intent before the request",
        "older answers",
        "rejected cancellation",
        "unanswered return",
    ],
)
def test_each_guard_is_needed(
    place: Any, name: str, broken: Any, scene: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(place, name, broken)
    assert any(goes_wrong(seed, scene) for seed in range(MUTANT_RUNS))
