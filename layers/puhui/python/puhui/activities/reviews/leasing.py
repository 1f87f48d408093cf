"""Who has which review at present: a verifier takes a few, has them for ten minutes, and may ask for longer or give one back.

Of those that wait the first fifty of a queue are taken in an order of chance, so that verifiers who come at once do not all want the first
one. Whoever dies with a review loses it when its lease is over; whoever comes back late with a decision has an older lease than the one
that is on record, and is refused (``model.require_lease``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from puhui.activities.reviews.model import (
    LEASE,
    Review,
    Reviewer,
    cluster_queue,
    may_take,
    require_lease,
    require_may_decide,
)
from puhui.activities.reviews.repository import Reviews, lost
from puhui.kernel import clock
from puhui.kernel.regions import widening
from puhui.kernel.scopes import OutOfScope

FIRST = 50
PAGES_MAX = 20  # a thousand reviews that others have, or that one may not see

JurisdictionOf = Callable[[str], str]  # a programme's; raises ProgrammeNotFound


@dataclass(frozen=True)
class Wanted:
    """Which reviews somebody asks for: of a programme, a region, a cluster; of acts recorded ``before``. Nothing: all that the role holds
    for."""

    programme_id: str | None = None
    region: str | None = None
    cluster: str | None = None
    before: datetime | None = None


def queues(wanted: Wanted, reviewer: Reviewer, jurisdiction_of: JurisdictionOf) -> list[str]:
    """The queues to read, in their order. Raises OutOfScope, ProgrammeNotFound."""
    scope = reviewer.scope
    if wanted.programme_id:
        region = jurisdiction_of(wanted.programme_id)
        if not scope.covers(wanted.programme_id, region):
            raise OutOfScope(place=wanted.programme_id)
        inside = wanted.region is None or wanted.region in widening(region)
        return [wanted.programme_id] if inside else []
    if wanted.region:
        if scope.covers_region(wanted.region):
            return [wanted.region]
        mine = sorted(each for each in scope.programmes if wanted.region in widening(jurisdiction_of(each)))
        mine += sorted(each for each in scope.regions if wanted.region in widening(each))
        if not mine:
            raise OutOfScope(place=wanted.region)
        return mine
    if wanted.cluster:
        return [cluster_queue(wanted.cluster)]
    return [""] if scope.everywhere else sorted(scope.programmes) + sorted(scope.regions)


def lease_reviews(
    reviewer: Reviewer,
    wanted: list[str],
    limit: int,
    *,
    reviews: Reviews,
    now: datetime,
    chance: Random,
    time: timedelta = LEASE,
) -> list[Review]:
    """Up to ``limit`` reviews that nobody else has, for ``time`` from now. Those that this verifier has already come first, for longer: asking
    again, when an answer was lost, gives no more than asking once."""
    held: list[Review] = []
    leased: list[Review] = []
    for page in _pages(wanted, reviews):
        held += [review for review in page if review.held_by(reviewer, now)]
        if len(held) >= limit:
            break
        free = [review for review in page if may_take(review, reviewer, now)]
        chance.shuffle(free)
        for review in free:
            if len(held) + len(leased) >= limit:
                break
            if taken := reviews.take(review, reviewer.id, now + time, now):
                leased.append(taken)
        if len(held) + len(leased) >= limit:
            break
    longer = (reviews.extend(review, max(now + time, review.lease_until or now)) for review in held[:limit])
    return [*(review for review in longer if review), *leased]


def _pages(wanted: list[str], reviews: Reviews) -> Iterator[list[Review]]:
    for queue in wanted:
        start = None
        for _ in range(PAGES_MAX):
            page, start = reviews.page_of_open(FIRST, start, queue)
            yield page
            if start is None:
                break


def extend_lease(
    review_id: str, lease: int, reviewer: Reviewer, *, reviews: Reviews, now: datetime
) -> Review:
    """Have a review for LEASE from now, as long as nobody else took it. Raises ReviewNotFound, LeaseLost, ReviewDecided."""
    review = _held(review_id, lease, reviewer, reviews, now)
    extended = reviews.extend(review, now + LEASE)
    if extended is None:
        raise lost(reviews.find(review_id))
    return extended


def decline_review(
    review_id: str, lease: int, reviewer: Reviewer, *, reviews: Reviews, now: datetime
) -> None:
    """Give a review back, for others: this verifier does not get it again. Once. Raises as ``extend_lease`` does."""
    review = reviews.find(review_id)
    if review and reviewer.id in review.declined_by:
        return
    if reviews.decline(_held(review_id, lease, reviewer, reviews, now), reviewer.id) is None:
        raise lost(reviews.find(review_id))


def _held(review_id: str, lease: int, reviewer: Reviewer, reviews: Reviews, now: datetime) -> Review:
    review = reviews.find(review_id)
    if review is None:
        raise lost(None)
    require_may_decide(review, reviewer)
    require_lease(review, reviewer, lease, now)
    return review


def lease_body(review: Review) -> dict[str, Any]:
    """The lease of the contract."""
    assert review.lease_until is not None  # noqa: S101 it is leased
    return {
        "review_id": review.id,
        "lease": review.lease,
        "leased_until": clock.to_text(review.lease_until),
    }
