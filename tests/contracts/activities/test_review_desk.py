"""The review desk: who has which review, and that none is decided twice, or lost."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from puhui.activities.errors import (
    ColleaguesReview,
    DecisionGiven,
    LeaseLost,
    ReviewDecided,
    ReviewNotFound,
)
from puhui.activities.reviews import leasing, usecases
from puhui.activities.reviews.leasing import Wanted
from puhui.activities.reviews.model import FOUR_EYES_ABOVE_MG, LEASE, Review, Reviewer, Vote
from puhui.activities.reviews.repository import Reviews
from puhui.kernel import ids
from puhui.kernel.scopes import OutOfScope, Scope, scope_of
from puhui.store.client import DynamoDB
from puhui.store.cursors import Cursors
from puhui.store.session import Session
from tests.contracts.activities.conftest import NOW, Acts

REGIONS = {"carbon-88": "CN", "guangdong-tanpuhui": "CN-GD", "beijing-maas": "CN-BJ"}
ANNA, BORA, CHEN = Reviewer("A" * 26), Reviewer("B" * 26), Reviewer("C" * 26)


@pytest.fixture
def desk(acts: Acts) -> Reviews:
    return acts.tables.activities.reviews


def queued(desk: Reviews, number: int = 0, programme: str = "carbon-88", **more: object) -> Review:
    at = NOW - timedelta(hours=10) + timedelta(seconds=number)
    review = Review(
        id=ids.derived_id(at, str(number), programme, "review"),
        activity_id=f"act-{number}",
        member_id="M" * 26,
        programme_id=programme,
        behaviour="subway_trip",
        occurred_at=at,
        submitted_at=at,
        expires_at=at + timedelta(days=3),
        score=60,
        signals=("PHOTO_SIMILAR",),
        evidence_ids=(),
        task_token=f"token-{number}",
        quantity={"trips": 1},
        credits_mg=200_000,
        region=REGIONS[programme],
    )
    review = replace(review, **more)
    session = Session(desk.dynamodb)
    desk.add(session, review)
    session.commit()
    return review


def lease(desk: Reviews, who: Reviewer, limit: int = 10, now: datetime = NOW, **wanted: str) -> list[Review]:
    asked = leasing.queues(Wanted(**wanted), who, REGIONS.__getitem__)
    return leasing.lease_reviews(who, asked, limit, reviews=desk, now=now, chance=Random(7))


def decide(
    desk: Reviews,
    review: Review,
    who: Reviewer,
    decision: str = "approve",
    lease: int | None = None,
    now: datetime = NOW,
) -> Review:
    reason = "NOT_THE_ACT" if decision == "refuse" else ""
    vote = Vote(who.id, decision, reason, at=now)
    return usecases.decide_review(review.id, who, vote, lease, reviews=desk)


def listed(desk: Reviews, who: Reviewer, limit: int = 100, **wanted: object) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = usecases.list_reviews(
            who,
            Wanted(**wanted),
            limit,
            cursor,
            reviews=desk,
            cursors=lambda: Cursors(b"k" * 32),
            jurisdiction_of=REGIONS.__getitem__,
        )
        found += [review.activity_id for review in page.items]
        if (cursor := page.cursor) is None:
            return found


def test_what_one_has_nobody_else_gets_until_its_time_is_over(desk: Reviews):
    review = queued(desk)
    (mine,) = lease(desk, ANNA)
    assert (mine.id, mine.lease, mine.lease_owner) == (review.id, 1, ANNA.id)
    assert lease(desk, BORA) == []
    with pytest.raises(LeaseLost):
        decide(desk, review, BORA)
    (theirs,) = lease(desk, BORA, now=NOW + LEASE)
    assert theirs.lease == 2


def test_a_late_verifier_is_refused_and_the_later_one_decides(desk: Reviews):
    review = queued(desk)
    (mine,) = lease(desk, ANNA)
    (theirs,) = lease(desk, BORA, now=NOW + LEASE)
    with pytest.raises(LeaseLost):
        decide(desk, review, ANNA, lease=mine.lease, now=NOW + LEASE)
    assert decide(desk, review, BORA, "refuse", theirs.lease, now=NOW + LEASE).decided_by == BORA.id
    with pytest.raises(ReviewDecided):
        decide(desk, review, ANNA, lease=mine.lease, now=NOW + LEASE)


def test_a_late_verifier_whose_review_nobody_took_may_still_decide(desk: Reviews):
    review = queued(desk)
    (mine,) = lease(desk, ANNA)
    assert decide(desk, review, ANNA, lease=mine.lease, now=NOW + 2 * LEASE).state == "decided"


def test_the_same_decision_again_gets_the_same_answer(desk: Reviews):
    review = queued(desk)
    (mine,) = lease(desk, ANNA)
    first = decide(desk, review, ANNA, lease=mine.lease)
    assert decide(desk, review, ANNA, lease=mine.lease, now=NOW + LEASE) == first
    with pytest.raises(ReviewDecided):
        decide(desk, review, ANNA, "refuse", mine.lease)


def test_asking_again_gives_what_one_has_and_no_more(desk: Reviews):
    for number in range(5):
        queued(desk, number)
    first = lease(desk, ANNA, 3)
    again = lease(desk, ANNA, 3, now=NOW + timedelta(minutes=4))
    assert {(each.id, each.lease) for each in again} == {(each.id, each.lease) for each in first}
    assert {each.lease_until for each in again} == {NOW + timedelta(minutes=4) + LEASE}
    assert len(lease(desk, BORA, 10)) == 2


def test_a_lease_is_extended_by_who_has_it(desk: Reviews):
    review = queued(desk)
    (mine,) = lease(desk, ANNA)
    later = NOW + timedelta(minutes=9)
    extended = leasing.extend_lease(review.id, mine.lease, ANNA, reviews=desk, now=later)
    assert (extended.lease, extended.lease_until) == (1, later + LEASE)
    assert lease(desk, BORA, now=NOW + LEASE) == []
    with pytest.raises(LeaseLost):
        leasing.extend_lease(review.id, mine.lease, BORA, reviews=desk, now=later)
    lease(desk, BORA, now=later + LEASE)
    with pytest.raises(LeaseLost):
        leasing.extend_lease(review.id, mine.lease, ANNA, reviews=desk, now=later + LEASE)


def test_a_decline_outlives_the_lease(desk: Reviews):
    review = queued(desk)
    (mine,) = lease(desk, ANNA)
    for _ in range(2):
        leasing.decline_review(review.id, mine.lease, ANNA, reviews=desk, now=NOW)
    assert lease(desk, ANNA, now=NOW + timedelta(days=1)) == []
    with pytest.raises(LeaseLost):
        decide(desk, review, ANNA, lease=mine.lease)
    assert [each.id for each in lease(desk, BORA)] == [review.id]


def test_neither_the_member_nor_a_colleague_gets_it_or_decides(desk: Reviews):
    review = queued(desk, org="metro")
    member, colleague = Reviewer(review.member_id), Reviewer("D" * 26, "metro")
    assert lease(desk, member) == lease(desk, colleague) == []
    assert listed(desk, member) == listed(desk, colleague) == []
    with pytest.raises(ColleaguesReview):
        decide(desk, review, colleague)
    assert len(lease(desk, Reviewer("D" * 26, "bus"))) == 1


# Queues


def test_queues_by_programme_region_and_age_are_read_by_their_keys(desk: Reviews):
    for number, programme in enumerate([*REGIONS, *REGIONS]):
        queued(desk, number, programme)
    assert listed(desk, ANNA) == [f"act-{number}" for number in range(6)]
    assert listed(desk, ANNA, 1, programme_id="carbon-88") == ["act-0", "act-3"]
    assert listed(desk, ANNA, region="CN-GD") == ["act-1", "act-4"]
    assert listed(desk, ANNA, 4, region="CN") == [f"act-{number}" for number in range(6)]
    third = NOW - timedelta(hours=10) + timedelta(seconds=3)
    assert listed(desk, ANNA, before=third) == ["act-0", "act-1", "act-2"]
    assert listed(desk, ANNA, programme_id="carbon-88", region="CN-GD") == []
    decide(desk, lease(desk, ANNA, 1, programme_id="beijing-maas")[0], ANNA)
    assert len(listed(desk, ANNA)) == 5
    assert len(listed(desk, ANNA, region="CN-BJ")) == 1


def test_a_role_for_some_programmes_and_regions_sees_and_decides_those_only(desk: Reviews):
    every = [queued(desk, number, programme) for number, programme in enumerate(REGIONS)]
    scope = scope_of({"verifier@carbon-88", "verifier@CN-GD"}, {"verifier"})
    assert scope == Scope(programmes=frozenset({"carbon-88"}), regions=frozenset({"CN-GD"}))
    bound = Reviewer("E" * 26, scope=scope)
    assert listed(desk, bound) == ["act-0", "act-1"]
    assert {each.programme_id for each in lease(desk, bound)} == {"carbon-88", "guangdong-tanpuhui"}
    for wanted in ({"programme_id": "beijing-maas"}, {"region": "CN-BJ"}):
        with pytest.raises(OutOfScope):
            listed(desk, bound, **wanted)
    assert listed(desk, bound, region="CN") == ["act-0", "act-1"]
    with pytest.raises(ReviewNotFound):
        decide(desk, every[2], bound)
    with pytest.raises(ReviewNotFound):
        leasing.extend_lease(every[2].id, 1, bound, reviews=desk, now=NOW)


def test_nearly_the_same_pictures_are_one_cluster_decided_one_by_one(desk: Reviews):
    twins = [queued(desk, number, cluster="8f14e45fceea167a") for number in range(3)]
    queued(desk, 3)
    leased = lease(desk, ANNA, cluster="8f14e45fceea167a")
    assert {each.id for each in leased} == {each.id for each in twins}
    for number, each in enumerate(leased):
        decide(desk, each, ANNA, "refuse" if number else "approve", each.lease)
    assert listed(desk, BORA, cluster="8f14e45fceea167a") == []
    assert listed(desk, BORA) == ["act-3"]


# Four eyes


def large(desk: Reviews) -> Review:
    return queued(desk, credits_mg=FOUR_EYES_ABOVE_MG + 1)


def test_a_large_act_takes_two_people_who_decide_alike(desk: Reviews):
    review = large(desk)
    proposed = decide(desk, review, ANNA)
    assert (proposed.state, proposed.decision) == ("open", "")
    assert decide(desk, review, ANNA) == proposed
    with pytest.raises(DecisionGiven):
        decide(desk, review, ANNA, "refuse")
    assert lease(desk, ANNA) == []
    (theirs,) = lease(desk, BORA)
    settled = decide(desk, review, BORA, lease=theirs.lease)
    assert (settled.state, settled.decision, settled.decided_by) == ("decided", "approve", BORA.id)


def test_where_two_differ_a_third_decides(desk: Reviews):
    review = large(desk)
    decide(desk, review, ANNA, "refuse")
    assert decide(desk, review, BORA).state == "open"
    settled = decide(desk, review, CHEN, "refuse")
    assert (settled.decision, [vote.by for vote in settled.votes]) == (
        "refuse",
        [ANNA.id, BORA.id, CHEN.id],
    )


def test_up_to_the_limit_one_decides(desk: Reviews):
    assert decide(desk, queued(desk, credits_mg=FOUR_EYES_ABOVE_MG), ANNA).state == "decided"


# A thousand


class Verifier(threading.Thread):
    """Takes reviews and decides them until nothing is left, or dies after so many decisions, with what it has."""

    def __init__(self, desk: Reviews, number: int, dies_after: int | None, clock: Iterator[int]) -> None:
        super().__init__()
        self.desk = Reviews(DynamoDB(), desk.table)
        self.who = Reviewer(f"{number}" * 26)
        self.dies_after, self.clock = dies_after, clock
        self.decided: list[str] = []
        self.refused = 0

    def run(self) -> None:
        while next(iter(self.desk.waiting("")), None):
            now = NOW + timedelta(seconds=next(self.clock))
            leased = lease(self.desk, self.who, 20, now)
            for review in leased:
                if self.dies_after is not None and len(self.decided) >= self.dies_after:
                    return
                try:
                    decide(self.desk, review, self.who, lease=review.lease, now=now)
                    self.decided.append(review.id)
                except (LeaseLost, ReviewDecided):
                    self.refused += 1


def test_a_thousand_reviews_five_verifiers_two_of_whom_die_none_twice_none_lost(desk: Reviews):
    items = [queued(desk, number).id for number in range(1_000)]
    ticks = Ticks()
    verifiers = [
        Verifier(desk, number, dies_after, ticks)
        for number, dies_after in enumerate((None, None, None, 30, 75))
    ]
    for each in verifiers:
        each.start()
    for each in verifiers:
        each.join(300)
    decided = [review_id for each in verifiers for review_id in each.decided]
    assert sorted(decided) == sorted(set(decided)), "one was decided twice"
    assert set(decided) == set(items), "one was lost"
    assert list(desk.waiting("")) == list(desk.waiting("carbon-88")) == []
    assert [len(each.decided) for each in verifiers[3:]] == [30, 75]
    assert desk.counts("carbon-88", ["2026-11-20"]) == [(1_000, 1_000)]


class Ticks:
    """A clock for all: five seconds for each look."""

    def __init__(self) -> None:
        self.seconds, self.turn = 0, threading.Lock()

    def __iter__(self) -> "Ticks":
        return self

    def __next__(self) -> int:
        with self.turn:
            self.seconds += 5
            return self.seconds
