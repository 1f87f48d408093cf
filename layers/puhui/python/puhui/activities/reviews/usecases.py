"""What reviewers do: list the acts that wait for a person, decide one; and what ends a review that nobody decided."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.activities.errors import (
    ColleaguesReview,
    LeaseLost,
    OwnReview,
    ReasonRequired,
    ReviewDecided,
    ReviewNotFound,
)
from puhui.activities.evidence.model import object_key
from puhui.activities.evidence.usecases import ADDRESS_SECONDS, EvidenceStore
from puhui.activities.reviews import known
from puhui.activities.reviews.leasing import JurisdictionOf, Wanted, queues
from puhui.activities.reviews.model import (
    DECIDED,
    EXPIRED,
    KNOWN,
    OPEN,
    REFUSE,
    REVERSAL,
    VERIFICATION,
    Review,
    Reviewer,
    Vote,
    decided,
    require_lease,
    require_may_decide,
)
from puhui.activities.reviews.repository import Reviews
from puhui.kernel import clock
from puhui.kernel.errors import Unavailable
from puhui.kernel.pages import Page
from puhui.programmes import api as programmes
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

EXPIRED_REASON = "REVIEW_EXPIRED"  # of an act that nobody decided about in time
CLOSINGS_MAX = 5

Effects = Callable[[Session, Review], None]


def no_effects(_session: Session, _review: Review) -> None:
    """A decided verification goes on by the stream; nothing more is written."""


def list_reviews(
    reviewer: Reviewer,
    wanted: Wanted,
    limit: int,
    cursor: str | None,
    *,
    reviews: Reviews,
    cursors: Callable[[], Cursors],
    jurisdiction_of: JurisdictionOf = programmes.jurisdiction_of,
) -> Page[Review]:
    """A page of the reviews that wait, oldest first: of one queue after the other, where a role holds in several places. One's own, and
    a colleague's, are left out, so that a page may hold fewer than ``limit``. Raises OutOfScope, CursorInvalid."""
    asked = queues(wanted, reviewer, jurisdiction_of)
    scope = f"reviews:{reviewer.id}:{wanted}"
    at = cursors().read(scope, cursor) or {"queue": 0, "after": None}
    if at["queue"] >= len(asked):
        return Page([], None)
    found, last = reviews.page_of_open(limit, at["after"], asked[at["queue"]], wanted.before)
    shown = [
        review
        for review in found
        if _may_see(review, reviewer) and not set(asked[: at["queue"]]) & set(review.queues)
    ]
    if last is not None:
        return Page(shown, cursors().write(scope, {"queue": at["queue"], "after": last}))
    more = at["queue"] + 1 < len(asked)
    return Page(shown, cursors().write(scope, {"queue": at["queue"] + 1, "after": None}) if more else None)


def _may_see(review: Review, reviewer: Reviewer) -> bool:
    try:
        require_may_decide(review, reviewer)
    except (ReviewNotFound, OwnReview, ColleaguesReview):
        return False
    return True


def decide_review(
    review_id: str,
    reviewer: Reviewer,
    vote: Vote,
    lease: int | None = None,
    *,
    reviews: Reviews,
    effects: Effects = no_effects,
) -> Review:
    """A person's decision, once; the same person's same decision again gives the same answer. ``effects`` adds what a decided review does
    besides to its transaction.

    Raises ReviewNotFound, OwnReview, ColleaguesReview, ReasonRequired, LeaseLost, DecisionGiven, ReviewDecided.
    """
    if vote.decision == REFUSE and not vote.reason_code:
        require_may_decide(_find(review_id, reviews), reviewer)
        raise ReasonRequired

    def build(session: Session) -> Review:
        review = _find(review_id, reviews)
        require_may_decide(review, reviewer)
        if _has(review, vote):
            return review
        return _decide(session, review, reviewer, vote, lease, reviews, effects)

    try:
        return attempt(reviews.dynamodb, build)
    except (ReviewDecided, LeaseLost):
        if not _has(review := _find(review_id, reviews), vote):
            raise
        return review  # the same request, at the same moment


def _decide(
    session: Session,
    review: Review,
    reviewer: Reviewer,
    vote: Vote,
    lease: int | None,
    reviews: Reviews,
    effects: Effects,
) -> Review:
    assert vote.at is not None  # noqa: S101 a vote that is given has a time
    if review.state != OPEN:
        raise ReviewDecided(state=review.state)
    require_lease(review, reviewer, lease, vote.at)
    after = decided(review, vote)
    reviews.put(session, review, after)
    if after.state == DECIDED:
        if after.kind == KNOWN:
            known.add_to_tally(session, after, reviews)
        else:
            reviews.count(session, after)
            effects(session, after)
    return after


def _has(review: Review, vote: Vote) -> bool:
    given = review.vote_of(vote.by)
    return given is not None and given.same_as(vote)


def _find(review_id: str, reviews: Reviews) -> Review:
    if (found := reviews.find(review_id)) is None:
        raise ReviewNotFound
    return found


def close_review(review_id: str, *, reviews: Reviews, now: datetime) -> dict[str, Any]:
    """End a review whose time is over: ``{"decision": "expired"}``, or the decision that came just before."""
    if reviews.find(review_id) is None:
        return {"decision": "expired", "reason_code": EXPIRED_REASON}

    def build(session: Session) -> dict[str, Any]:
        found = _find(review_id, reviews)
        if found.state != OPEN:
            kept = found.decision or "expired"
            return {
                "decision": kept,
                "reason_code": EXPIRED_REASON if kept == "expired" else found.reason_code,
            }
        reviews.put(session, found, replace(found, state=EXPIRED, decided_at=now))
        return {"decision": "expired", "reason_code": EXPIRED_REASON}

    for _ in range(CLOSINGS_MAX):  # somebody may decide, or lease it, at this very moment
        with suppress(ReviewDecided, LeaseLost):
            return attempt(reviews.dynamodb, build)
    raise Unavailable


def review_body(review: Review, store: EvidenceStore, now: datetime | None = None) -> dict[str, Any]:
    """The review of the contract, its pictures at addresses that last an hour; ``now``: with its lease, if it is leased."""
    until = review.lease_until if now and review.is_leased(now) else None
    body: dict[str, Any] = {
        "id": review.id,
        "kind": REVERSAL if review.kind == REVERSAL else VERIFICATION,  # a known answer looks like any other
        "activity_id": review.activity_id,
        "programme_id": review.programme_id,
        "behaviour": review.behaviour,
        "title": programmes.behaviour_name(review.programme_id, review.behaviour),
        "occurred_at": clock.to_text(review.occurred_at),
        "submitted_at": clock.to_text(review.submitted_at),
        "expires_at": clock.to_text(review.expires_at),
        "risk": {"score": review.score, "signals": list(review.signals)},
        "evidence": [
            {
                "evidence_id": evidence_id,
                "url": store.address(object_key(review.member_id, evidence_id), ADDRESS_SECONDS),
            }
            for evidence_id in review.evidence_ids
        ],
    }
    if review.quantity:
        body |= {
            "quantity": dict(review.quantity),
            "credits_mg": review.credits_mg,
            "points": review.points,
        }
    body |= {"cluster": review.cluster} if review.cluster else {}
    body |= {"device_cluster": review.device} if review.device else {}
    body |= {"needs_two": True, "votes": len(review.votes)} if review.needs_two else {}
    body |= {"lease": review.lease, "leased_until": clock.to_text(until)} if until else {}
    return body | ({"ended_at": clock.to_text(review.ended_at)} if review.ended_at else {})


def decision_body(review: Review, vote: Vote) -> dict[str, Any]:
    """The decision of the contract: what this person decided, and whether that settles it."""
    given = review.vote_of(vote.by) or vote
    body = {
        "id": review.id,
        "decision": given.decision,
        "state": "decided" if review.state == DECIDED else "proposed",
        "decided_at": clock.to_text(given.at or vote.at or review.submitted_at),
    }
    return {**body, "reason_code": given.reason_code} if given.reason_code else body
