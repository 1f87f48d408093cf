"""Taking back what was credited: one person proposes it, another one confirms it in the review desk, and where those two differ a third
decides. What was credited and is still there goes back to issuance; points that were spent are not taken, and no balance goes below
zero. The act's member reads the reason, and may appeal.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from puhui.activities.acts import credit
from puhui.activities.acts.model import CREDITED, REVERSED, Activity
from puhui.activities.errors import ActivityNotFound, NothingToReverse, ReviewDecided
from puhui.activities.reviews.model import APPROVE, EXPIRED, OPEN, REVERSAL, Review, Reviewer, Vote, decided
from puhui.activities.reviews.repository import Reviews
from puhui.activities.reviews.usecases import Effects
from puhui.activities.tables import Activities, Tables
from puhui.kernel import clock, ids
from puhui.ledger.api import balance_from, member, of
from puhui.store.session import Session, attempt

DECIDE_WITHIN = timedelta(days=7)


def reversal_id_of(activity: Activity) -> str:
    """The review of taking back what an act gave: there is one."""
    return ids.derived_id(activity.recorded_at, activity.id, REVERSAL)


def propose_reversal(
    member_id: str,
    activity_id: str,
    proposer: Reviewer,
    reason_code: str,
    note: str,
    *,
    activities: Activities,
    now: datetime,
    org: str = "",
) -> Review:
    """Propose to take back what an act gave; the same proposal again gives the same review.

    Raises ActivityNotFound, outside the proposer's role, too; NothingToReverse, ReviewDecided for an act about which this was decided.
    """

    def build(session: Session) -> Review:
        activity = activities.acts.find(member_id, activity_id)
        if activity is None:
            raise ActivityNotFound
        programme = credit.programme_of(activity)
        if not proposer.scope.covers(programme.id, programme.jurisdiction):
            raise ActivityNotFound
        vote = Vote(proposer.id, APPROVE, reason_code, note, now)
        before = activities.reviews.find(reversal_id_of(activity))
        if before is not None:
            if before.votes and before.votes[0].same_as(vote):
                return before
            raise ReviewDecided(state=before.state)
        if activity.status != CREDITED or activity.credits_mg == 0:
            raise NothingToReverse
        review = Review(
            id=reversal_id_of(activity),
            activity_id=activity.id,
            member_id=member_id,
            programme_id=programme.id,
            behaviour=activity.behaviour,
            occurred_at=activity.occurred_at,
            submitted_at=now,
            expires_at=now + DECIDE_WITHIN,
            score=0,
            signals=activity.signals,
            evidence_ids=activity.evidence_ids,
            quantity=dict(activity.quantity),
            ended_at=activity.ended_at,
            credits_mg=0 if activity.points_only else activity.credits_mg,
            points=activity.points,
            kind=REVERSAL,
            region=programme.jurisdiction,
            org=org,
        )
        proposed = decided(review, vote)
        activities.reviews.add(session, proposed)
        return proposed

    return attempt(activities.dynamodb, build)


def effects(tables: Tables, now: datetime) -> Effects:
    """What deciding a review does in the same transaction: an approved reversal takes back what its act gave."""

    def add(session: Session, review: Review) -> None:
        if review.kind == REVERSAL and review.decision == APPROVE:
            _reverse(session, review, tables, now)

    return add


def _reverse(session: Session, review: Review, tables: Tables, now: datetime) -> None:
    activity = tables.activities.acts.find(review.member_id, review.activity_id)
    if activity is None:
        raise ActivityNotFound
    if activity.status != CREDITED:
        raise NothingToReverse
    programme, owner = credit.programme_of(activity), member(activity.member_id)
    item = tables.ledger.dynamodb.get(*tables.ledger.balance_key(owner, programme.id))
    balance = balance_from(owner, programme.id, item)
    transfer_id = ids.derived_id(review.submitted_at, review.id, REVERSAL)
    transfer, taken = credit.reversing(activity, programme, balance, transfer_id, now)
    tables.ledger.add(session, [transfer], of([balance]), clock.programme_day(now))
    record = credit.reversal_record(activity, taken, transfer_id, now)
    after = replace(
        activity,
        status=REVERSED,
        credits_mg=0,
        points=0,
        entry_id=transfer_id,
        reason_code=review.votes[0].reason_code,
        note=review.votes[0].note,
        reversal=record,
    )
    tables.activities.acts.change_ended(session, activity, after)


def close_reversal(review_id: str, *, reviews: Reviews, now: datetime) -> bool:
    """End a proposal that nobody confirmed in time: the credit stands. Whether it was ended now."""

    def build(session: Session) -> bool:
        review = reviews.find(review_id)
        if review is None or review.state != OPEN or now < review.expires_at:
            return False
        reviews.put(session, review, replace(review, state=EXPIRED, decided_at=now))
        return True

    return attempt(reviews.dynamodb, build)
