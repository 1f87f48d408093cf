"""What reviewers do: list the acts that wait for a person, decide one; and what ends a review that nobody decided."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.activities.errors import OwnReview, ReasonRequired, ReviewDecided, ReviewNotFound
from puhui.activities.evidence.model import object_key
from puhui.activities.evidence.usecases import ADDRESS_SECONDS, EvidenceStore
from puhui.activities.reviews.model import DECIDED, EXPIRED, Review
from puhui.activities.reviews.repository import Reviews
from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.programmes import api as programmes
from puhui.store.cursors import Cursors
from puhui.store.session import Session

EXPIRED_REASON = "REVIEW_EXPIRED"  # of an act that nobody decided about in time


def list_reviews(
    programme_id: str | None, limit: int, cursor: str | None, *, reviews: Reviews, cursors: Cursors
) -> Page[Review]:
    """A page of the reviews that wait, oldest first. With a programme, a page may hold fewer than ``limit``."""
    scope = f"reviews:{programme_id or ''}"
    found, last = reviews.page_of_open(limit, cursors.read_id(scope, cursor))
    mine = [review for review in found if programme_id in (None, review.programme_id)]
    return Page(mine, cursors.write_id(scope, last))


def decide_review(
    review_id: str,
    reviewer_id: str,
    decision: str,
    reason_code: str,
    note: str,
    *,
    reviews: Reviews,
    now: datetime,
) -> Review:
    """A person's decision, once; the same person's same decision again gives the same answer.

    Raises ReviewNotFound, OwnReview, ReasonRequired, ReviewDecided.
    """
    wanted = (decision, reason_code, reviewer_id)
    review = _find(review_id, reviews)
    if review.member_id == reviewer_id:
        raise OwnReview
    if decision == "refuse" and not reason_code:
        raise ReasonRequired
    if _decision_of(review) == wanted:
        return review
    decided = replace(
        review,
        state=DECIDED,
        decision=decision,
        reason_code=reason_code,
        note=note,
        decided_by=reviewer_id,
        decided_at=now,
    )
    session = Session(reviews.dynamodb)
    reviews.end(session, decided)
    try:
        session.commit()
    except ReviewDecided:
        if _decision_of(review := _find(review_id, reviews)) != wanted:
            raise
        return review  # the same request, at the same moment
    return decided


def _find(review_id: str, reviews: Reviews) -> Review:
    if (found := reviews.find(review_id)) is None:
        raise ReviewNotFound
    return found


def _decision_of(review: Review) -> tuple[str, str, str]:
    return review.decision, review.reason_code, review.decided_by


def close_review(review_id: str, *, reviews: Reviews, now: datetime) -> dict[str, Any]:
    """End a review whose time is over: ``{"decision": "expired"}``, or the decision that came just before."""
    review = reviews.find(review_id)
    if review is None:
        return {"decision": "expired", "reason_code": EXPIRED_REASON}
    session = Session(reviews.dynamodb)
    reviews.end(session, replace(review, state=EXPIRED, decided_at=now))
    try:
        session.commit()
    except ReviewDecided:
        decided = reviews.find(review.id)
        if decided and decided.decision:
            return {"decision": decided.decision, "reason_code": decided.reason_code}
    return {"decision": "expired", "reason_code": EXPIRED_REASON}


def review_body(review: Review, store: EvidenceStore) -> dict[str, Any]:
    """The review of the contract, its pictures at addresses that last an hour."""
    body: dict[str, Any] = {
        "id": review.id,
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
    return body | ({"ended_at": clock.to_text(review.ended_at)} if review.ended_at else {})
