"""The steps of verifying an act with photos. Any step may run twice: the second run changes nothing and answers the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from puhui.activities import risk
from puhui.activities.acts import credit
from puhui.activities.acts.model import CREDITED, EXPIRED, MATURING, REFUSED, VERIFYING, Activity
from puhui.activities.acts.repository import Acts
from puhui.activities.errors import ActivityNotFound, ActivityOpen, ReviewDecided
from puhui.activities.households.limits import given_back
from puhui.activities.reviews import usecases as reviews
from puhui.activities.reviews.model import Review
from puhui.activities.tables import Activities, Tables
from puhui.kernel import clock, ids
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
from puhui.programmes.api import Programme
from puhui.store.session import Session, attempt


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
    """``{"outcome": approve|review|refuse, "score", "signals", "reason_code"}`` from each picture's ``checks``."""
    checks = [check for picture in pictures for check in picture["checks"]]
    activity = _activity(member_id, activity_id, activities.acts)
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


def credit_activity(member_id: str, activity_id: str, *, tables: Tables, now: datetime) -> Activity:
    """Credit a verified act: its hold is posted and turned into points. Where the programme lets acts be collected, it
    matures instead, no sooner than now. Once, however often it is asked."""

    def build(session: Session) -> Activity:
        activity, _, balance_item = _read(member_id, activity_id, tables)
        if activity.status != VERIFYING:
            raise ActivityOpen
        programme = credit.programme_of(activity)
        owner = member(member_id)
        balance = balance_from(owner, programme.id, balance_item)
        held = tables.ledger.hold(owner, activity_id)
        if held is None:
            raise HoldNotFound
        if programme.claim.rule == "collect":
            return _mature(session, activity, programme, held, tables, now)
        legs, points = credit.converting(
            programme,
            member_id,
            activity.credits_mg,
            activity.day,
            balance,
            points_only=activity.points_only,
        )
        transfer = add_post(
            session, held, credit.KIND, legs, ledger=tables.ledger, now=now, balances=of([balance])
        )
        credited = replace(activity, status=CREDITED, points=points, entry_id=transfer.id)
        tables.activities.acts.end_verification(session, credited)
        return credited

    return _ended(member_id, activity_id, tables, build)


def _mature(
    session: Session, activity: Activity, programme: Programme, held: Hold, tables: Tables, now: datetime
) -> Activity:
    if held.runs_out <= now:
        raise HoldRanOut
    matured_at, collect_by = programme.claim.times(activity.occurred_at, now.replace(microsecond=0))
    maturing = replace(
        activity, status=MATURING, matured_at=matured_at, collect_by=min(collect_by, held.runs_out)
    )
    tables.activities.acts.end_verification(session, maturing)
    return maturing


def refuse_activity(
    member_id: str, activity_id: str, reason_code: str, *, tables: Tables, now: datetime
) -> Activity:
    """Refuse an act, or let it expire (reason REVIEW_EXPIRED): its hold is voided and its day is free again. Once.
    A verifier's note goes to the member with it."""

    def build(session: Session) -> Activity:
        activity, day_item, _ = _read(member_id, activity_id, tables)
        if activity.status != VERIFYING:
            raise ActivityOpen
        day = tables.activities.days.read(member_id, activity.day, day_item)
        held = tables.ledger.hold(member(member_id), activity_id)
        if held is None:
            raise HoldNotFound
        status = EXPIRED if reason_code == reviews.EXPIRED_REASON else REFUSED
        review = tables.activities.reviews.find(review_id_of(activity))
        note = review.note if review else ""
        refused = replace(activity, status=status, credits_mg=0, points=0, reason_code=reason_code, note=note)
        tables.activities.acts.end_verification(session, refused)
        tables.activities.days.put(session, day.without(activity_id))
        if entry := day.find(activity_id):
            for each in tables.activities.days.find_all(member_id, entry.days()[1:]):
                tables.activities.days.put(session, each.without(activity_id))
            if activity.household:
                tables.activities.households.free_day(session, activity.household, activity.day, entry)
        for reported in given_back(activity, tables.activities.households):
            tables.activities.households.put_reported(session, reported)
        add_void(session, held, ledger=tables.ledger, now=now)
        return refused

    return _ended(member_id, activity_id, tables, build)


def _ended(
    member_id: str, activity_id: str, tables: Tables, build: Callable[[Session], Activity]
) -> Activity:
    try:
        return attempt(tables.ledger.dynamodb, build)
    except ActivityOpen:
        return _activity(member_id, activity_id, tables.activities.acts)


def _read(member_id: str, activity_id: str, tables: Tables) -> tuple[Activity, Any, Any]:
    """An activity with its day and its balance's items."""
    activity = _activity(member_id, activity_id, tables.activities.acts)
    day_item, balance_item = tables.ledger.dynamodb.get_all(
        [
            tables.activities.days.key(member_id, activity.day),
            tables.ledger.balance_key(member(member_id), activity.programme_id),
        ]
    )
    return activity, day_item, balance_item


def _activity(member_id: str, activity_id: str, acts: Acts) -> Activity:
    if (activity := acts.find(member_id, activity_id)) is None:
        raise ActivityNotFound
    return activity


def notice(activity: Activity, name: str) -> dict[str, str]:
    """The fields of the subscribe message about how an act ended: name, result, time, remark.

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
