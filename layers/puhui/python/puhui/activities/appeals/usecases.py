"""Appeals: a member makes one, somebody else decides it, and what nobody decides in time ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.activities.acts import credit
from puhui.activities.acts.model import REVERSED, Activity
from puhui.activities.appeals import restoring
from puhui.activities.appeals.model import (
    ACCEPTED,
    DECIDE_WITHIN,
    OPEN,
    REJECTED,
    Appeal,
    again,
    appeal_id_of,
    decided,
    lapsed,
    require_appealable,
    require_may_decide,
)
from puhui.activities.errors import ActivityNotFound, AppealNotFound
from puhui.activities.evidence.model import object_key
from puhui.activities.evidence.usecases import ADDRESS_SECONDS, EvidenceStore
from puhui.activities.reviews.leasing import JurisdictionOf, Wanted, queues
from puhui.activities.reviews.model import Reviewer, Vote
from puhui.activities.reviews.reversals import reversal_id_of
from puhui.activities.tables import Activities, Tables
from puhui.activities.verification import review_id_of
from puhui.kernel import clock, ids
from puhui.kernel.errors import DomainError
from puhui.kernel.pages import Page
from puhui.ledger.api import member
from puhui.programmes import api as programmes
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt


def appeal_activity(
    member_id: str, activity_id: str, reason: str, *, tables: Tables, now: datetime, org: str = ""
) -> Appeal:
    """Appeal against how an act of one's own ended. The same reason again gives the same appeal.

    Raises ActivityNotFound, NothingToAppeal, AppealTooLate, AppealMade.
    """
    activities = tables.activities

    def build(session: Session) -> Appeal:
        activity = _activity(member_id, activity_id, activities)
        decided_at, decided_by = _decision(activity, activities)
        appeal_id = appeal_id_of(activity_id, activity.status)
        before = activities.appeals.find(appeal_id)
        if before and before.state == OPEN and before.reason == reason:
            return before
        require_appealable(activity, decided_at, now)
        held = tables.ledger.hold(member(member_id), activity_id)
        appeal = Appeal(
            id=appeal_id,
            activity_id=activity_id,
            member_id=member_id,
            programme_id=activity.programme_id,
            behaviour=activity.behaviour,
            before=activity.status,
            reason=reason,
            made_at=now,
            decide_by=now + DECIDE_WITHIN,
            reason_code=activity.reason_code,
            credits_mg=restoring.promised(activity, held),
            region=credit.programme_of(activity).jurisdiction,
            org=org,
            decided_before=decided_by,
            evidence_ids=activity.evidence_ids,
        )
        if before:
            appeal = again(before, appeal)
        activities.appeals.add(session, appeal)
        activities.acts.change_ended(session, activity, replace(activity, appeal=_on_record(appeal)))
        return appeal

    return attempt(activities.dynamodb, build)


def list_appeals(
    reviewer: Reviewer,
    wanted: Wanted,
    limit: int,
    cursor: str | None,
    *,
    activities: Activities,
    cursors: Callable[[], Cursors],
    jurisdiction_of: JurisdictionOf = programmes.jurisdiction_of,
) -> Page[Appeal]:
    """A page of the appeals that wait, the most urgent first. Those that one may not decide are left out, so that a page may hold fewer
    than ``limit``. Raises OutOfScope, CursorInvalid."""
    asked = queues(wanted, reviewer, jurisdiction_of)
    scope = f"appeals:{reviewer.id}:{wanted}"
    at = cursors().read(scope, cursor) or {"queue": 0, "after": None}
    if at["queue"] >= len(asked):
        return Page([], None)
    found, last = activities.appeals.page_of_open(limit, at["after"], asked[at["queue"]])
    seen_before = set(asked[: at["queue"]])
    shown = [each for each in found if _may_decide(each, reviewer) and not seen_before & set(each.queues)]
    if last is not None:
        return Page(shown, cursors().write(scope, {"queue": at["queue"], "after": last}))
    more = at["queue"] + 1 < len(asked)
    return Page(shown, cursors().write(scope, {"queue": at["queue"] + 1, "after": None}) if more else None)


def decide_appeal(appeal_id: str, reviewer: Reviewer, vote: Vote, *, tables: Tables, now: datetime) -> Appeal:
    """A person's decision, once; the same person's same decision again gives the same answer. An accepted one credits the act in the
    same transaction.

    Raises AppealNotFound, OwnReview, ColleaguesReview, DecidedBefore, ReasonRequired, DecisionGiven, AppealDecided, AppealDoesNotFit.
    """
    appeals = tables.activities.appeals

    def build(session: Session) -> Appeal:
        appeal = _find(appeal_id, tables.activities)
        require_may_decide(appeal, reviewer)
        given = appeal.vote_of(vote.by)
        if given is not None and given.same_as(vote):
            return appeal
        after = decided(lapsed(appeal, now), vote)
        appeals.put(session, appeal, after)
        if after.state != OPEN:
            _end(session, after, tables, now)
        return after

    return attempt(tables.ledger.dynamodb, build)


def lapse(appeal_id: str, *, tables: Tables, now: datetime) -> bool:
    """End an appeal that nobody decided in time: the decision stands. Whether it was ended now."""

    def build(session: Session) -> bool:
        appeal = _find(appeal_id, tables.activities)
        after = lapsed(appeal, now)
        if after is appeal:
            return False
        tables.activities.appeals.put(session, appeal, after)
        _end(session, after, tables, now)
        return True

    return attempt(tables.ledger.dynamodb, build)


def _end(session: Session, appeal: Appeal, tables: Tables, now: datetime) -> None:
    activity = _activity(appeal.member_id, appeal.activity_id, tables.activities)
    ended = activity
    if appeal.state == ACCEPTED:
        transfer_id = ids.derived_id(appeal.made_at, appeal.id, restoring.KIND)
        ended = restoring.add_credit(
            session, activity, appeal.credits_mg, transfer_id, tables=tables, now=now
        )
    tables.activities.acts.change_ended(session, activity, replace(ended, appeal=_on_record(appeal)))


def _on_record(appeal: Appeal) -> dict[str, Any]:
    """What the act says of its appeal."""
    record: dict[str, Any] = {
        "id": appeal.id,
        "state": appeal.state,
        "made_at": clock.to_text(appeal.made_at),
        "decide_by": clock.to_text(appeal.decide_by),
        "against": {"status": appeal.before, "reason_code": appeal.reason_code},
    }
    record |= {"decided_at": clock.to_text(appeal.decided_at)} if appeal.decided_at else {}
    record |= {"reason_code": appeal.outcome_code} if appeal.outcome_code else {}
    return record | ({"note": appeal.note} if appeal.note else {})


def _decision(activity: Activity, activities: Activities) -> tuple[datetime, tuple[str, ...]]:
    """When an act ended as it did, and who decided it: two people who took it back, an officer who voided it, a verifier; a machine decides
    within minutes of when it was recorded."""
    if activity.status == REVERSED:
        review = activities.reviews.find(reversal_id_of(activity))
    else:
        review = activities.reviews.find(review_id_of(activity))
    by = tuple(vote.by for vote in review.votes) or (review.decided_by,) if review else ()
    at = review.decided_at if review and review.decided_at else activity.recorded_at
    if voiding := activity.voiding:
        by = (*by, *(voiding[name] for name in ("by", "second") if name in voiding))
        at = clock.from_text(voiding.get("second_at") or voiding["at"])
    return at, by


def _activity(member_id: str, activity_id: str, activities: Activities) -> Activity:
    if (activity := activities.acts.find(member_id, activity_id)) is None:
        raise ActivityNotFound
    return activity


def _find(appeal_id: str, activities: Activities) -> Appeal:
    if (appeal := activities.appeals.find(appeal_id)) is None:
        raise AppealNotFound
    return appeal


def _may_decide(appeal: Appeal, reviewer: Reviewer) -> bool:
    try:
        require_may_decide(appeal, reviewer)
    except DomainError:
        return False
    return appeal.vote_of(reviewer.id) is None


# What is shown


def appeal_body(appeal: Appeal) -> dict[str, Any]:
    """The appeal of the contract, for its member."""
    body = {"activity_id": appeal.activity_id, "reason": appeal.reason, **_on_record(appeal)}
    del body["against"]
    return body


def waiting_body(appeal: Appeal, store: EvidenceStore) -> dict[str, Any]:
    """The appeal of the contract, for whoever decides it: with the pictures that were checked, at addresses that last an hour."""
    return {
        "id": appeal.id,
        "activity_id": appeal.activity_id,
        "programme_id": appeal.programme_id,
        "behaviour": appeal.behaviour,
        "title": programmes.behaviour_name(appeal.programme_id, appeal.behaviour),
        "reason": appeal.reason,
        "made_at": clock.to_text(appeal.made_at),
        "decide_by": clock.to_text(appeal.decide_by),
        "against": {"status": appeal.before, "reason_code": appeal.reason_code},
        "credits_mg": appeal.credits_mg,
        "needs_two": appeal.needs_two,
        "votes": len(appeal.votes),
        "evidence": [
            {
                "evidence_id": evidence_id,
                "url": store.address(object_key(appeal.member_id, evidence_id), ADDRESS_SECONDS),
            }
            for evidence_id in appeal.evidence_ids
        ],
    }


def decision_body(appeal: Appeal, vote: Vote) -> dict[str, Any]:
    """The decision of the contract: what this person decided, and whether that settles it."""
    given = appeal.vote_of(vote.by) or vote
    body = {
        "id": appeal.id,
        "decision": given.decision,
        "state": "decided" if appeal.state in (ACCEPTED, REJECTED) else "proposed",
        "decided_at": clock.to_text(given.at or appeal.made_at),
    }
    return {**body, "reason_code": given.reason_code} if given.reason_code else body
