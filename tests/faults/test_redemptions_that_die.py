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


ADD_STEP, WITH_ANSWER, END_RETURN, HEAR = Rewards.add_step, saga._with_answer, saga._end_return, saga.hear


def a_step_without(condition: str) -> Callable[..., None]:
    """A step that does not look at one of the things that it was worked out from."""

    def add_step(self: Rewards, session: Session, before: Redemption, after: Redemption) -> None:
        ADD_STEP(self, session, before, after)
        put = session.actions[-1]["Put"]
        kept = [each for each in put["ConditionExpression"].split(" AND ") if condition not in each]
        assert len(kept) == put["ConditionExpression"].count(" AND ")
        put["ConditionExpression"] = " AND ".join(kept)
        for what in ("ExpressionAttributeValues", "ExpressionAttributeNames"):
            put[what] = {name: value for name, value in put[what].items() if name in " ".join(kept)}

    return add_step


def hearing_after_the_end(standing: Redemption) -> bool:
    return True


def without_intent(member_id: str, redemption_id: str, desk: saga.Desk) -> Redemption:
    standing = saga.find(member_id, redemption_id, desk.rewards)
    return replace(standing, answer=standing.answer or saga.CALLING_OFF)


def believing_what_was_said_before(
    standing: Redemption, answer: Any, desk: saga.Desk, *, stays: bool
) -> Redemption:
    if standing.answer == saga.CALLING_OFF:
        standing = replace(standing, answer="")
    return WITH_ANSWER(standing, answer, desk, stays=stays)


def keeping_to_itself_that_it_stays(
    member_id: str, redemption_id: str, answer: Any, *, desk: saga.Desk, stays: bool = False
) -> Redemption:
    if stays:
        return replace(saga.find(member_id, redemption_id, desk.rewards), answer=saga.ISSUED)
    return HEAR(member_id, redemption_id, answer, desk=desk)


def a_return_that_ends_unanswered(
    session: Session, standing: Redemption, desk: saga.Desk, now: Any
) -> Redemption:
    if standing.answer == model.CANCELLED:
        return END_RETURN(session, standing, desk, now)
    after = replace(standing, cancelling=False, watch_at=None)
    desk.rewards.add_step(session, standing, after)
    return after


@pytest.mark.parametrize(
    ("place", "name", "broken", "scene"),
    [
        (Rewards, "add_step", a_step_without("#status"), 3),
        (Rewards, "add_step", a_step_without("answer"), 0),
        (Rewards, "add_step", a_step_without("cancelling"), 2),
        (Rewards, "add_step", a_step_without("settlement_id"), 10),
        (saga, "_is_open", hearing_after_the_end, 1),
        (saga, "_intend", without_intent, 1),
        (saga, "_with_answer", believing_what_was_said_before, 0),
        (saga, "hear", keeping_to_itself_that_it_stays, 0),
        (saga, "_end_return", a_return_that_ends_unanswered, 12),
    ],
    ids=[
        "status of a step",
        "answer of a step",
        "cancellation in a step",
        "settlement in a step",
        "no word after the end",
        "intent before the call",
        "old words",
        "that it stays issued",
        "unanswered return",
    ],
)
def test_each_guard_is_needed(
    place: Any, name: str, broken: Any, scene: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(place, name, broken)
    assert any(goes_wrong(seed, scene) for seed in range(MUTANT_RUNS))
