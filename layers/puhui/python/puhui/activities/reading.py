"""What members read of their acts: one, a page of them, why an act has its number."""

from datetime import date, datetime
from typing import Any

from puhui.activities.acts import credit
from puhui.activities.acts.days import Day
from puhui.activities.acts.model import CREDITED, HELD, MATURING, PENDING, Activity
from puhui.activities.errors import ActivityNotFound
from puhui.activities.tables import Activities
from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.methodologies import api as methodologies
from puhui.programmes import api as programmes
from puhui.store.cursors import Cursors


def get_activity(member_id: str, activity_id: str, *, activities: Activities) -> Activity:
    """One of the member's activities. Raises ActivityNotFound."""
    activity = activities.acts.find(member_id, activity_id)
    if activity is None:
        raise ActivityNotFound
    return activity


def list_activities(
    member_id: str,
    programme_id: str | None,
    limit: int,
    cursor: str | None,
    *,
    activities: Activities,
    cursors: Cursors,
) -> Page[Activity]:
    """A page of the member's acts, latest day first and, within a day, the last recorded first: two reads.

    The day items hold the order; a cursor is a day and how many of its acts were listed.
    """
    scope = f"activities:{member_id}:{programme_id or ''}"
    position = cursors.read(scope, cursor) or {}
    before = date.fromisoformat(position["day"]) if position else None
    skip = position.get("listed", 0)
    wanted: list[str] = []
    following: dict[str, Any] | None = None
    days = activities.days.latest(member_id, before, limit + 1)
    for day in days:
        listed = _listed(day, programme_id)
        start = skip if before and day.day == before else 0
        room = limit - len(wanted)
        wanted += listed[start : start + room]
        if len(listed) > start + room:
            following = {"day": day.day.isoformat(), "listed": start + room}
            break
    if following is None and len(days) > limit:
        following = {"day": days[-1].day.isoformat(), "listed": len(_listed(days[-1], programme_id))}
    return Page(activities.acts.find_all(member_id, wanted), cursors.write(scope, following))


def _listed(day: Day, programme_id: str | None) -> list[str]:
    mine = [e.activity_id for e in day.acts if programme_id in (None, e.programme_id)]
    return mine[::-1]


def explain_activity(member_id: str, activity_id: str, *, activities: Activities) -> dict[str, Any]:
    """Why an activity has its number: rebuilt from the record kept with it; after a correction the number that it made, with
    what it was before. Raises ActivityNotFound."""
    activity = get_activity(member_id, activity_id, activities=activities)
    programme = credit.programme_of(activity)
    counted_mg = activity.credits_mg + activity.expired_mg  # what expired was computed all the same
    explained = methodologies.explain_record(
        activity.record,
        programme,
        0 if activity.points_only else counted_mg,
        activity.points,
        activity.correction,
        counted_mg if activity.points_only else None,
    )
    return {"activity_id": activity.id, **explained}


def _computed_mg(activity: Activity) -> int:
    """What the act avoids by its formula, whatever a limit let count."""
    return int(activity.correction.get("to_mg") or activity.record.get("reduction_mg", 0))


def activity_body(activity: Activity, now: datetime) -> dict[str, Any]:
    """The activity of the contract, as members see it ``now``."""
    activity = activity.as_of(now)
    body: dict[str, Any] = {
        "id": activity.id,
        "programme_id": activity.programme_id,
        "behaviour": activity.behaviour,
        "title": programmes.behaviour_name(activity.programme_id, activity.behaviour),
        "status": PENDING if activity.status == HELD else activity.status,
        "grade": activity.grade,
        "credits_mg": 0 if activity.points_only else activity.credits_mg,
        "points": activity.points,
        "occurred_at": clock.to_text(activity.occurred_at),
    }
    if activity.ended_at:
        body["ended_at"] = clock.to_text(activity.ended_at)
    if activity.status == HELD and activity.settles_at:
        body["settles_at"] = clock.to_text(activity.settles_at)
    if activity.matured_at and activity.collect_by:
        body["matured_at"] = clock.to_text(activity.matured_at)
        body["collect_by"] = clock.to_text(activity.collect_by)
        body["taken_mg"] = activity.shared_mg
    if (
        activity.status in (CREDITED, HELD, MATURING, PENDING)
        and _computed_mg(activity) > activity.credits_mg
    ):
        body["computed_mg"] = _computed_mg(activity)
    if activity.track:
        body["track"] = {name: activity.track[name] for name in ("distance_m", "seconds", "median_mm_s")}
    if activity.reason_code:
        body["reason_code"] = activity.reason_code
    if activity.note:
        body["note"] = activity.note
    if activity.appeal:
        body["appeal"] = dict(activity.appeal)
    if activity.entry_id:
        body["entry_id"] = activity.entry_id
    return body
