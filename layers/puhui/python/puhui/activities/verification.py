"""The steps of verifying an act with photos. Any step may run twice: the second run changes nothing and answers the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from puhui.activities.acts import credit
from puhui.activities.acts.model import CREDITED, EXPIRED, HELD, MATURING, REFUSED, VERIFYING, Activity
from puhui.activities.acts.repository import Acts
from puhui.activities.errors import ActivityNotFound, ActivityOpen, ReviewDecided
from puhui.activities.reviews import usecases as reviews
from puhui.activities.reviews.model import Review, device_cluster
from puhui.activities.risk.engine import CREDIT, HOLD, REFUSE, REVIEW, Features, assess
from puhui.activities.settling.endings import add_credit, add_refusal
from puhui.activities.tables import Activities, Tables
from puhui.kernel import clock, ids
from puhui.kernel.quantities import grams_text
from puhui.methodologies import api as methodologies
from puhui.store.session import Session, attempt

OUTCOMES = {CREDIT: "approve", HOLD: "hold", REVIEW: "review", REFUSE: "refuse"}


def execution_name(activity: Activity) -> str:
    """The name of an act's verification: another one for an act that was held after the first."""
    return f"{activity.id}-held" if activity.settles_at else activity.id


def execution_input(activity: Activity) -> dict[str, Any]:
    """What the verification of an act starts with."""
    return {
        "member_id": activity.member_id,
        "activity_id": activity.id,
        "evidence_ids": list(activity.evidence_ids),
    }


def assess_risk(
    member_id: str, activity_id: str, pictures: Sequence[Mapping[str, Any]], *, activities: Activities
) -> dict[str, Any]:
    """``{"outcome": approve|hold|review|refuse, "score", "signals", "reason_code"}`` from each picture's ``checks``."""
    checks = [check for picture in pictures for check in picture["checks"]]
    activity = _activity(member_id, activity_id, activities.acts)
    refusals = [check["reason_code"] for check in checks if check.get("reason_code")]
    signals = {signal for check in checks for signal in check.get("signals", ())}
    known = (*activity.rules, *activity.shadows)
    found = assess(Features({*refusals, *signals, *activity.signals}, {}, activity.behaviour, known))
    activities.acts.keep_assessment(activity, found.rules, found.shadows)
    return {
        "outcome": OUTCOMES[found.band],
        "score": found.score,
        "signals": list(found.signals),
        "reason_code": found.reason_code,
    }


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
    org: str = "",
) -> Review:
    """Queue an act for a person, who has ``wait_seconds``. Asked again, the review has the newer task token, and whoever has leased it
    keeps it. ``org``: the member's organisation, whose people do not decide it. Raises ReviewDecided."""
    activity = _activity(member_id, activity_id, activities.acts)
    programme = credit.programme_of(activity)
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
        points=methodologies.points_for(programme.points, activity.credits_mg),
        region=programme.jurisdiction,
        org=org,
        cluster=activities.clusters.of(activity.evidence_ids),
        device=device_cluster(activity.device),
    )
    if (waiting := activities.reviews.find(review.id)) is None:
        session = Session(activities.dynamodb)
        activities.reviews.add(session, review)
        session.commit()
        return review
    renewed = replace(waiting, task_token=task_token, expires_at=review.expires_at)
    if not activities.reviews.renew(renewed):
        raise ReviewDecided(state=waiting.state)
    return renewed


def review_id_of(activity: Activity) -> str:
    """The review that an activity always has; it sorts by when the act was recorded."""
    return ids.derived_id(activity.recorded_at, activity.id, "review")


def close_review(
    member_id: str, activity_id: str, *, activities: Activities, now: datetime
) -> dict[str, Any]:
    """End the review of an act whose time is over: ``{"decision": "expired"}``, or the decision that came just before."""
    activity = _activity(member_id, activity_id, activities.acts)
    return reviews.close_review(review_id_of(activity), reviews=activities.reviews, now=now)


def credit_activity(
    member_id: str, activity_id: str, *, hold: bool = False, tables: Tables, now: datetime
) -> Activity:
    """Credit a verified act: its hold is posted and turned into points. Where the programme lets acts be collected, it
    matures instead, no sooner than now. With ``hold`` it is held for the programme's days first, unless it was already. Once, however
    often it is asked."""

    def build(session: Session) -> Activity:
        activity = _verifying(member_id, activity_id, tables)
        if hold and activity.settles_at is None:
            held = activity.held(credit.programme_of(activity).hold_days, now)
            tables.activities.acts.change_status(session, activity, held)
            return held
        return add_credit(session, activity, tables=tables, now=now)

    return _ended(member_id, activity_id, tables, build)


def refuse_activity(
    member_id: str, activity_id: str, reason_code: str, *, tables: Tables, now: datetime
) -> Activity:
    """Refuse an act, or let it expire (reason REVIEW_EXPIRED): its hold is voided and its day is free again. Once.
    A verifier's note goes to the member with it."""

    def build(session: Session) -> Activity:
        activity = _verifying(member_id, activity_id, tables)
        status = EXPIRED if reason_code == reviews.EXPIRED_REASON else REFUSED
        review = tables.activities.reviews.find(review_id_of(activity))
        note = review.note if review else ""
        return add_refusal(session, activity, reason_code, note, status=status, tables=tables, now=now)

    return _ended(member_id, activity_id, tables, build)


def _verifying(member_id: str, activity_id: str, tables: Tables) -> Activity:
    activity = _activity(member_id, activity_id, tables.activities.acts)
    if activity.status != VERIFYING:
        raise ActivityOpen
    return activity


def _ended(
    member_id: str, activity_id: str, tables: Tables, build: Callable[[Session], Activity]
) -> Activity:
    try:
        return attempt(tables.ledger.dynamodb, build)
    except ActivityOpen:
        return _activity(member_id, activity_id, tables.activities.acts)


def _activity(member_id: str, activity_id: str, acts: Acts) -> Activity:
    if (activity := acts.find(member_id, activity_id)) is None:
        raise ActivityNotFound
    return activity


def notice(activity: Activity, name: str) -> dict[str, str]:
    """The fields of the subscribe message about how an act ended: name, result, time, remark.

    Limits of the platform's kinds: a thing has 20 characters, a phrase 5.
    """
    result = {CREDITED: "已通过", HELD: "待结算", MATURING: "已通过", REFUSED: "未通过", EXPIRED: "已过期"}[
        activity.status
    ]
    remark = "请在记录中查看原因"
    if activity.status == CREDITED:
        remark = f"减排{grams_text(activity.credits_mg)}克"
    if activity.status == MATURING and activity.matured_at:
        remark = f"{activity.matured_at.astimezone(clock.CHINA):%m月%d日%H:%M}起可收取"
    if activity.status == HELD and activity.settles_at:
        remark = f"{activity.settles_at.astimezone(clock.CHINA):%m月%d日%H:%M}起结算"
    return {
        "thing1": name[:20],
        "phrase2": result,
        "time3": activity.occurred_at.astimezone(clock.CHINA).strftime("%Y-%m-%d %H:%M"),
        "thing4": remark[:20],
    }
