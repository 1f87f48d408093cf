"""Members, executions, the stream, the watch, the partner and a settlement, interleaved at every I/O and killed at any."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from puhui.rewards import model, saga
from puhui.rewards.dynamo import Rewards
from puhui.rewards.model import Redemption
from puhui.store.session import Session
from tests.faults.redemptions import Duel, Turns, surroundings

RUNS_A_PART, PARTS = 20, 5
MUTANT_RUNS = 400


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


def duel(seed: int) -> Duel:
    return Duel(seed, kill_chance=(0.0, 0.02, 0.06)[seed % 3], lose_chance=0.02, members=1)


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
    for seed in range(part * RUNS_A_PART, (part + 1) * RUNS_A_PART):
        play(world(seed))


def goes_wrong(seed: int) -> bool:
    """Whether something goes wrong in this world."""
    try:
        play(duel(seed))
    except Exception:  # noqa: BLE001 whatever it is, the guard was needed
        return True
    return False


ADD_STEP, INTEND, WITH_ANSWER, END_ORDER = Rewards.add_step, saga._intend, saga._with_answer, saga._end_order


def a_step_without(condition: str) -> Callable[..., None]:
    """A step that does not look at one of the things that it was worked out from."""

    def add_step(self: Rewards, session: Session, before: Redemption, after: Redemption) -> None:
        ADD_STEP(self, session, before, after)
        put = session.actions[-1]["Put"]
        kept = [each for each in put["ConditionExpression"].split(" AND ") if condition not in each]
        assert len(kept) == put["ConditionExpression"].count(" AND ")
        put["ConditionExpression"] = " AND ".join(kept)
        used = {
            name: value for name, value in put["ExpressionAttributeValues"].items() if name in " ".join(kept)
        }
        put["ExpressionAttributeValues"] = used
        if "#status" not in put["ConditionExpression"]:
            del put["ExpressionAttributeNames"]

    return add_step


def hearing_after_the_end(standing: Redemption) -> bool:
    return True


def without_intent(member_id: str, redemption_id: str, desk: saga.Desk) -> Redemption:
    return saga.find(member_id, redemption_id, desk.rewards)


def believing_what_was_said_before(
    standing: Redemption, answer: Any, desk: saga.Desk, stays: Any
) -> Redemption:
    if standing.answer == saga.CALLING_OFF:
        standing = replace(standing, answer="")
    return WITH_ANSWER(standing, answer, desk, stays)


def a_return_that_ends_unanswered(
    session: Session, standing: Redemption, desk: saga.Desk, now: Any
) -> Redemption:
    if standing.answer == model.CANCELLED:
        return END_RETURN(session, standing, desk, now)
    after = replace(standing, cancelling=False, watch_at=None, due_id=saga._due_id(standing, now))
    desk.rewards.add_step(session, standing, after)
    return after


def an_end_that_forgets_the_return(
    session: Session, standing: Redemption, desk: saga.Desk, now: Any
) -> Redemption:
    after = END_ORDER(session, standing, desk, now)
    if after.status == model.FULFILLED:
        ended = replace(after, cancelling=False, watch_at=None, due_id=saga._due_id(standing, now))
        session._actions[0]["Put"]["Item"] = saga_item(ended)
    return after


def never_in_doubt(standing: Redemption, desk: saga.Desk, now: Any) -> Redemption:
    return saga._step_off_doubt(standing, desk)


@pytest.mark.parametrize(
    ("place", "name", "broken"),
    [
        (Rewards, "add_step", a_step_without("#status")),
        (Rewards, "add_step", a_step_without("answer")),
        (Rewards, "add_step", a_step_without("cancelling")),
        (Rewards, "add_step", a_step_without("settlement_id")),
        (saga, "_is_open", hearing_after_the_end),
        (saga, "_intend", without_intent),
        (saga, "_with_answer", believing_what_was_said_before),
        (saga, "_end_return", a_return_that_ends_unanswered),
    ],
)
def test_each_guard_is_needed(place: Any, name: str, broken: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(place, name, broken)
    found = [seed for seed in range(MUTANT_RUNS) if goes_wrong(seed)]
    print(name, broken, len(found), found[:3])
    assert found


END_RETURN = saga._end_return
