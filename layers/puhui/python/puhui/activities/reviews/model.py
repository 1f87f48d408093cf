"""A review as a pure value, and the rules of deciding it.

| state   | who moves it on, by which operation                        | to      | what follows |
|---------|------------------------------------------------------------|---------|--------------|
| (new)   | the verification, ``request_review``                       | open    | the act waits; verifiers see it in ``list_reviews`` |
|         | an operator, ``propose_reversal``                          | open    | with the first vote; a verifier has to confirm it |
| open    | a verifier, ``lease_reviews``                              | open    | nobody else may decide it for LEASE |
|         | the same, ``decline_review``                               | open    | free for others; this verifier does not get it again |
|         | a verifier, ``decide_review``, where two are needed        | open    | a proposal: another person decides, too |
|         | a verifier, ``decide_review``                              | decided | the verification goes on, or the credit is reversed |
|         | the verification after ``expires_at``, ``close_review``    | expired | the act expires (REVIEW_EXPIRED) |
| decided |                                                            |         | the same request again gets the same answer |
| expired |                                                            |         | |

``lease`` counts who has taken it so far: it fences a decision. Whoever decides names the lease that the decision was made under,
and one that was taken by somebody else meanwhile is refused (LEASE_LOST).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.activities.errors import (
    ColleaguesReview,
    DecisionGiven,
    LeaseLost,
    OwnReview,
    ReasonRequired,
    ReviewNotFound,
)
from puhui.kernel.regions import widening
from puhui.kernel.scopes import EVERYWHERE, Scope

OPEN, DECIDED, EXPIRED = "open", "decided", "expired"
APPROVE, REFUSE = "approve", "refuse"
VERIFICATION, REVERSAL, KNOWN = "verification", "reversal", "known"
LEASE = timedelta(minutes=10)
BATCH = timedelta(hours=24)  # of a third party, which decides by a signed statement
FOUR_EYES_ABOVE_MG = 5_000_000  # 5 kg, some 25 trips by subway: what one act gives beyond it takes two people
SERVICE = timedelta(hours=24)  # within which a review is to be decided


@dataclass(frozen=True)
class Reviewer:
    """Who decides: ``org`` is the organisation of the token, ``scope`` where the role holds."""

    id: str
    org: str = ""
    scope: Scope = EVERYWHERE


@dataclass(frozen=True)
class Vote:
    """What one person decided about a review."""

    by: str
    decision: str
    reason_code: str = ""
    note: str = ""
    at: datetime | None = None

    def same_as(self, other: "Vote") -> bool:
        """Whether the same person decided the same, whenever."""
        return (self.by, self.decision, self.reason_code) == (other.by, other.decision, other.reason_code)


@dataclass(frozen=True)
class Review:
    """An act that waits for a person, or was decided by one. ``credits_mg`` and ``points`` (of this act alone) are what it gives when it
    is approved. A review of before November 30 2026 has no ``quantity``: what was reported and what is at stake is not known.

    ``kind``: a verification; a reversal of what was credited; or a known answer, decided before, which measures who decides it again.
    ``region`` is the programme's, ``org`` the member's organisation where that is known. Reviews of pictures that are nearly the same
    have one ``cluster``, those of acts that one device sent one ``device``. ``votes`` are those of everybody who has decided so far.
    """

    id: str
    activity_id: str
    member_id: str
    programme_id: str
    behaviour: str
    occurred_at: datetime
    submitted_at: datetime
    expires_at: datetime
    score: int
    signals: tuple[str, ...]
    evidence_ids: tuple[str, ...]
    state: str = OPEN
    decision: str = ""
    reason_code: str = ""
    note: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    task_token: str = field(default="", repr=False)
    quantity: Mapping[str, Any] = field(default_factory=dict)
    ended_at: datetime | None = None
    credits_mg: int = 0
    points: int = 0
    kind: str = VERIFICATION
    region: str = ""
    org: str = ""
    cluster: str = ""
    lease: int = 0
    lease_owner: str = ""
    lease_until: datetime | None = None
    declined_by: tuple[str, ...] = ()
    votes: tuple[Vote, ...] = ()
    of: str = ""  # a known answer's: the review that it repeats
    answer: str = ""  # and its decision
    device: str = ""  # the cluster of what one device sent

    @property
    def needs_two(self) -> bool:
        """Whether two people have to decide alike."""
        return self.kind == REVERSAL or (self.kind == VERIFICATION and self.credits_mg > FOUR_EYES_ABOVE_MG)

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues in which it waits: that of all, its programme's, its region's and those that this one lies in, its cluster's."""
        if self.kind == KNOWN:
            return ()
        clusters = (cluster_queue(each) for each in (self.cluster, self.device) if each)
        return ("", self.programme_id, *widening(self.region), *clusters)

    def is_leased(self, now: datetime) -> bool:
        """Whether somebody has it at present."""
        return self.lease_until is not None and now < self.lease_until

    def held_by(self, reviewer: Reviewer, now: datetime) -> bool:
        """Whether this one has it at present."""
        return self.is_leased(now) and self.lease_owner == reviewer.id

    def vote_of(self, member_id: str) -> Vote | None:
        """What somebody decided about it."""
        return next((vote for vote in self.votes if vote.by == member_id), None)


def device_cluster(device: str) -> str:
    """The cluster of what a device sends; of no device: none."""
    return hashlib.sha256(f"device:{device}".encode()).hexdigest()[:16] if device else ""


def cluster_queue(cluster: str) -> str:
    """The queue of a cluster's reviews."""
    return f"cluster={cluster}"


def require_may_decide(review: Review, reviewer: Reviewer) -> None:
    """Raise what keeps somebody from deciding a review at all: ReviewNotFound outside the programmes and regions of the role, OwnReview,
    ColleaguesReview."""
    if not reviewer.scope.covers(review.programme_id, review.region):
        raise ReviewNotFound
    if review.member_id == reviewer.id:
        raise OwnReview
    if review.org and review.org == reviewer.org:
        raise ColleaguesReview
    if review.kind == KNOWN and review.lease_owner not in ("", reviewer.id):
        raise ReviewNotFound  # it was made for one verifier


def may_take(review: Review, reviewer: Reviewer, now: datetime) -> bool:
    """Whether somebody may be given a review now: not one's own or a colleague's, none that one has declined or decided."""
    try:
        require_may_decide(review, reviewer)
    except (ReviewNotFound, OwnReview, ColleaguesReview):
        return False
    return (
        review.state == OPEN
        and not review.is_leased(now)
        and reviewer.id not in review.declined_by
        and review.vote_of(reviewer.id) is None
        and now < review.expires_at
    )


def require_lease(review: Review, reviewer: Reviewer, lease: int | None, now: datetime) -> None:
    """Raise LeaseLost unless a decision still is this reviewer's: the lease that it names is the last one; or, where it names none, nobody
    else has the review."""
    if lease is None:
        if review.is_leased(now) and review.lease_owner != reviewer.id:
            raise LeaseLost
    elif (review.lease, review.lease_owner) != (lease, reviewer.id):
        raise LeaseLost


def decided(review: Review, vote: Vote) -> Review:
    """The review after one more person has decided; the lease is over.

    Where two are needed the first decision is a proposal. Another one that differs leaves it open, and a third person's ends it: the
    majority holds, with what its last one said. Raises ReasonRequired, DecisionGiven.
    """
    if vote.decision == REFUSE and not vote.reason_code:
        raise ReasonRequired
    if review.vote_of(vote.by) is not None:
        raise DecisionGiven
    votes = (*review.votes, vote)
    free = replace(review, votes=votes, lease=review.lease + 1, lease_owner="", lease_until=None)
    if not settling(votes, needs_two=review.needs_two):
        return free
    return replace(
        free,
        state=DECIDED,
        decision=vote.decision,
        reason_code=vote.reason_code,
        note=vote.note,
        decided_by=vote.by,
        decided_at=vote.at,
    )


def settling(votes: Sequence[Vote], *, needs_two: bool) -> bool:
    """Whether the last of the votes settles it: the first one does where one is enough, else the second of two that are alike."""
    alike = [each for each in votes if each.decision == votes[-1].decision]
    return len(alike) >= (2 if needs_two else 1)


def in_time(review: Review) -> bool:
    """Whether it was decided within the time that is promised."""
    return review.decided_at is not None and review.decided_at - review.submitted_at <= SERVICE
