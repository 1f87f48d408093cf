"""The steps of verifying an act with photos, and what the reviewers do. Any step may run twice: the second run changes
nothing and answers the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from puhui.activities import credit, risk
from puhui.activities.dynamo import Activities, activity_from, day_from, require_evidence
from puhui.activities.errors import (
    ActivityNotFound,
    ActivityOpen,
    OwnReview,
    ReasonRequired,
    ReviewDecided,
    ReviewNotFound,
)
from puhui.activities.model import CREDITED, EXPIRED, MATURING, REFUSED, VERIFYING, Activity, Review
from puhui.activities.photos import Photos
from puhui.activities.ports import Books, EvidenceStore
from puhui.activities.sharing import given_back
from puhui.kernel import clock, ids
from puhui.kernel.errors import DomainError
from puhui.kernel.pages import Page
from puhui.kernel.quantities import grams_text
from puhui.ledger.api import (
    Hold,
    HoldNotFound,
    HoldRanOut,
    add_post,
    add_void,
    balance_from,
    member,
    of,
)
from puhui.methodologies import api as methodologies
from puhui.programmes import api as programmes
from puhui.programmes.api import Programme
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

EXPIRED_REASON = "REVIEW_EXPIRED"  # of an act that nobody decided about in time
PASSES_LATER = {"WX_BUSY", "UNAVAILABLE"}
CONTENT_RISKY = "WX_CONTENT_RISKY"
ADDRESS_SECONDS = 3600  # the platform and the reviewer fetch a picture within the hour


def given(activity: Activity) -> dict[str, Any]:
    """What the verification of an act starts with."""
    return {
        "member_id": activity.member_id,
        "activity_id": activity.id,
        "evidence_ids": list(activity.evidence_ids),
    }


def inspect_evidence(
    member_id: str,
    evidence_id: str,
    *,
    activities: Activities,
    photos: Photos,
    store: EvidenceStore,
    now: datetime,
) -> dict[str, Any]:
    """Whether the file is there, is the announced picture, and was not used before by anyone. From now on it is what was looked at,
    whatever is uploaded.

    The check for ``risk.assess``: ``{"evidence_id", "reason_code", "signals"}``.
    """
    evidence = require_evidence(activities, member_id, evidence_id)
    check: dict[str, Any] = {"evidence_id": evidence_id, "reason_code": "", "signals": []}
    picture = store.take(evidence)
    if picture is None:
        return {**check, "reason_code": "FILE_MISSING"}
    if (picture.sha256, picture.size) != (evidence.sha256, evidence.size):
        return {**check, "reason_code": "FILE_CHANGED"}
    if picture.reason_code:
        return {**check, "reason_code": picture.reason_code}
    if picture.content_type != evidence.content_type:
        return {**check, "reason_code": "FILE_TYPE"}
    if not photos.claim(picture.sha256, evidence_id):
        return {**check, "reason_code": "EVIDENCE_REUSED"}
    found = {
        "PHOTO_SMALL": min(picture.width, picture.height) < risk.SIDE_PIXELS_MIN,
        "PHOTO_FLAT": picture.flat,
        "PHOTO_ANIMATED": picture.animated,
    }
    signals = [signal for signal, holds in found.items() if holds]
    match = photos.match(picture, evidence_id, now)
    return {**check, "signals": [*signals, *([match.value] if match.value else [])]}


def content_asked(trace_id: str, task_token: str, evidence_id: str, *, activities: Activities) -> None:
    """Remember who waits for the platform's verdict; it may have come already."""
    activities.check(trace_id, {"task_token": task_token, "evidence_id": evidence_id})


def ask_about_content(
    ask: Callable[[], str], task_token: str, evidence_id: str, *, activities: Activities
) -> str:
    """Ask the platform about a picture; the trace id of its verdict. ``ask`` raises what the platform answers.

    Every answer has an end: a busy platform is asked again (raised), a refusal of the content is the verdict, and any other one,
    which no repetition mends, leaves the picture to a person. Those verdicts of ours stand under a trace id that no platform gives.
    """
    try:
        trace_id = ask()
    except DomainError as refusal:
        if refusal.code in PASSES_LATER:
            raise
        trace_id = f"evidence:{evidence_id}"
        content_verdict(
            trace_id, "risky" if refusal.code == CONTENT_RISKY else "error", activities=activities
        )
    content_asked(trace_id, task_token, evidence_id, activities=activities)
    return trace_id


def content_verdict(trace_id: str, suggest: str, *, activities: Activities) -> None:
    """Remember the platform's verdict: pass, review, risky, or error when it could not tell."""
    activities.check(trace_id, {"suggest": suggest})


def content_check(suggest: str, evidence_id: str) -> dict[str, Any]:
    """The check that a verdict amounts to. Only a pass says that nothing was found: whatever else comes is for a person."""
    signals = {"pass": [], "risky": [], "review": ["CONTENT_REVIEW"]}.get(suggest, ["CONTENT_UNCHECKED"])
    reason = "CONTENT_RISKY" if suggest == "risky" else ""
    return {"evidence_id": evidence_id, "reason_code": reason, "signals": signals}


def assess_risk(
    member_id: str, activity_id: str, pictures: Sequence[Mapping[str, Any]], *, activities: Activities
) -> dict[str, Any]:
    """``{"outcome": approve|review|refuse, "score", "signals", "reason_code"}`` from each picture's ``checks``."""
    checks = [check for picture in pictures for check in picture["checks"]]
    activity = _activity(member_id, activity_id, activities)
    late_days = (activity.recorded_at - activity.occurred_at).days
    found = risk.assess([*checks, {"signals": activity.signals}], late_days)
    return {**found._asdict(), "signals": list(found.signals)}


def request_review(
    member_id: str,
    activity_id: str,
    score: int,
    signals: Sequence[str],
    task_token: str,
    wait_seconds: int,
    *,
    activities: Activities,
    now: datetime,
) -> Review:
    """Queue an act for a person, who has ``wait_seconds``."""
    activity = _activity(member_id, activity_id, activities)
    review = Review(
        id=review_id_of(activity),
        activity_id=activity.id,
        member_id=member_id,
        programme_id=activity.programme_id,
        behaviour=activity.behaviour,
        occurred_at=activity.occurred_at,
        submitted_at=activity.recorded_at,
        expires_at=now + timedelta(seconds=wait_seconds),
        score=score,
        signals=tuple(signals),
        evidence_ids=activity.evidence_ids,
        task_token=task_token,
        quantity=dict(activity.quantity),
        ended_at=activity.ended_at,
        credits_mg=0 if activity.points_only else activity.credits_mg,
        points=methodologies.points_for(credit.programme_of(activity).points, activity.credits_mg),
    )
    session = Session(activities.dynamodb)
    activities.add_review(session, review)
    session.commit()
    return review


def review_id_of(activity: Activity) -> str:
    """The review that an activity always has; it sorts by when the act was recorded."""
    return ids.derived_id(activity.recorded_at, activity.id, "review")


def list_reviews(
    programme_id: str | None, limit: int, cursor: str | None, *, activities: Activities, cursors: Cursors
) -> Page[Review]:
    """A page of the reviews that wait, oldest first. With a programme, a page may hold fewer than ``limit``."""
    scope = f"reviews:{programme_id or ''}"
    found, last = activities.open_reviews(limit, cursors.read_id(scope, cursor))
    mine = [review for review in found if programme_id in (None, review.programme_id)]
    return Page(mine, cursors.write_id(scope, last))


def decide_review(
    review_id: str,
    reviewer_id: str,
    decision: str,
    reason_code: str,
    note: str,
    *,
    activities: Activities,
    now: datetime,
) -> Review:
    """A person's decision, once; the same person's same decision again gives the same answer.

    Raises ReviewNotFound, OwnReview, ReasonRequired, ReviewDecided.
    """

    def standing() -> Review:
        if (found := activities.review(review_id)) is None:
            raise ReviewNotFound
        return found

    def is_made(review: Review) -> bool:
        return (review.decision, review.reason_code, review.decided_by) == (
            decision,
            reason_code,
            reviewer_id,
        )

    review = standing()
    if review.member_id == reviewer_id:
        raise OwnReview
    if decision == "refuse" and not reason_code:
        raise ReasonRequired
    if is_made(review):
        return review
    decided = replace(
        review,
        state="decided",
        decision=decision,
        reason_code=reason_code,
        note=note,
        decided_by=reviewer_id,
        decided_at=now,
    )
    session = Session(activities.dynamodb)
    activities.end_review(session, decided)
    try:
        session.commit()
    except ReviewDecided:
        if not is_made(review := standing()):
            raise
        return review  # the same request, at the same moment
    return decided


def close_review(
    member_id: str, activity_id: str, *, activities: Activities, now: datetime
) -> dict[str, Any]:
    """End a review whose time is over: ``{"decision": "expired"}``, or the decision that came just before."""
    review = activities.review(review_id_of(_activity(member_id, activity_id, activities)))
    if review is None:
        return {"decision": "expired", "reason_code": EXPIRED_REASON}
    session = Session(activities.dynamodb)
    activities.end_review(session, replace(review, state="expired", decided_at=now))
    try:
        session.commit()
    except ReviewDecided:
        decided = activities.review(review.id)
        if decided and decided.decision:
            return {"decision": decided.decision, "reason_code": decided.reason_code}
    return {"decision": "expired", "reason_code": EXPIRED_REASON}


def credit_activity(member_id: str, activity_id: str, *, books: Books, now: datetime) -> Activity:
    """Credit a verified act: its hold is posted and turned into points. Where the programme lets acts be collected, it
    matures instead, no sooner than now. Once, however often it is asked."""

    def build(session: Session) -> Activity:
        activity, _, balance_item = _read(member_id, activity_id, books)
        if activity.status != VERIFYING:
            raise ActivityOpen
        programme = credit.programme_of(activity)
        owner = member(member_id)
        balance = balance_from(owner, programme.id, balance_item)
        held = books.ledger.hold(owner, activity_id)
        if held is None:
            raise HoldNotFound
        if programme.claim.rule == "collect":
            return _mature(session, activity, programme, held, books, now)
        legs, points = credit.converting(
            programme,
            member_id,
            activity.credits_mg,
            activity.day,
            balance,
            points_only=activity.points_only,
        )
        transfer = add_post(
            session, held, credit.KIND, legs, ledger=books.ledger, now=now, balances=of([balance])
        )
        credited = replace(activity, status=CREDITED, points=points, entry_id=transfer.id)
        books.activities.close_activity(session, credited)
        return credited

    return _ended(member_id, activity_id, books, build)


def _mature(
    session: Session, activity: Activity, programme: Programme, held: Hold, books: Books, now: datetime
) -> Activity:
    if held.runs_out <= now:
        raise HoldRanOut
    matured_at, collect_by = programme.claim.times(activity.occurred_at, now.replace(microsecond=0))
    maturing = replace(
        activity, status=MATURING, matured_at=matured_at, collect_by=min(collect_by, held.runs_out)
    )
    books.activities.close_activity(session, maturing)
    return maturing


def refuse_activity(
    member_id: str, activity_id: str, reason_code: str, *, books: Books, now: datetime
) -> Activity:
    """Refuse an act, or let it expire (reason REVIEW_EXPIRED): its hold is voided and its day is free again. Once.
    A verifier's note goes to the member with it."""

    def build(session: Session) -> Activity:
        activity, day_item, _ = _read(member_id, activity_id, books)
        if activity.status != VERIFYING:
            raise ActivityOpen
        day = day_from(activity.day, day_item)
        held = books.ledger.hold(member(member_id), activity_id)
        if held is None:
            raise HoldNotFound
        status = EXPIRED if reason_code == EXPIRED_REASON else REFUSED
        review = books.activities.review(review_id_of(activity))
        note = review.note if review else ""
        refused = replace(activity, status=status, credits_mg=0, points=0, reason_code=reason_code, note=note)
        books.activities.close_activity(session, refused)
        books.activities.put_day(session, member_id, day.without(activity_id))
        if entry := day.find(activity_id):
            for each in books.activities.days_at(member_id, entry.days()[1:]):
                books.activities.put_day(session, member_id, each.without(activity_id))
            if activity.household:
                books.activities.free_household_day(session, activity.household, activity.day, entry)
        for claimed in given_back(activity, books.activities):
            books.activities.put_period(session, claimed)
        add_void(session, held, ledger=books.ledger, now=now)
        return refused

    return _ended(member_id, activity_id, books, build)


def _ended(member_id: str, activity_id: str, books: Books, build: Callable[[Session], Activity]) -> Activity:
    try:
        return attempt(books.ledger.dynamodb, build)
    except ActivityOpen:
        return _activity(member_id, activity_id, books.activities)


def _read(member_id: str, activity_id: str, books: Books) -> tuple[Activity, Any, Any]:
    """An activity with its day and its balance's items."""
    activity = _activity(member_id, activity_id, books.activities)
    day_item, balance_item = books.ledger.dynamodb.get_all(
        [
            books.activities.day_key(member_id, activity.day),
            books.ledger.balance_key(member(member_id), activity.programme_id),
        ]
    )
    return activity, day_item, balance_item


def _activity(member_id: str, activity_id: str, activities: Activities) -> Activity:
    item = activities.dynamodb.get(*activities.activity_key(member_id, activity_id))
    if item is None:
        raise ActivityNotFound
    return activity_from(item)


def notice(activity: Activity, name: str) -> dict[str, str]:
    """The fields of the subscribe message that tells a member how an act ended: name, result, time, remark.

    Limits of the platform's kinds: a thing has 20 characters, a phrase 5.
    """
    result = {CREDITED: "已通过", MATURING: "已通过", REFUSED: "未通过", EXPIRED: "已过期"}[activity.status]
    remark = "请在记录中查看原因"
    if activity.status == CREDITED:
        remark = f"减排{grams_text(activity.credits_mg)}克"
    if activity.status == MATURING and activity.matured_at:
        remark = f"{activity.matured_at.astimezone(clock.CHINA):%m月%d日%H:%M}起可收取"
    return {
        "thing1": name[:20],
        "phrase2": result,
        "time3": activity.occurred_at.astimezone(clock.CHINA).strftime("%Y-%m-%d %H:%M"),
        "thing4": remark[:20],
    }


def review_shown(review: Review, store: EvidenceStore) -> dict[str, Any]:
    """The review of the contract, its pictures at addresses that last an hour."""
    told: dict[str, Any] = {
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
                "url": store.address(f"evidence/{review.member_id}/{evidence_id}", ADDRESS_SECONDS),
            }
            for evidence_id in review.evidence_ids
        ],
    }
    if review.quantity:
        told |= {
            "quantity": dict(review.quantity),
            "credits_mg": review.credits_mg,
            "points": review.points,
        }
    return told | ({"ended_at": clock.to_text(review.ended_at)} if review.ended_at else {})
