"""Officers void acts that are held, before they are settled, with a reason on record; above VOID_ALONE_MG two of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.activities.acts.model import HELD, REFUSED, Activity
from puhui.activities.errors import (
    ActivityNotFound,
    ActivityOpen,
    NotHeld,
    OwnReview,
    VoidingDiffers,
)
from puhui.activities.settling.endings import add_refusal
from puhui.activities.tables import Activities, Tables
from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.kernel.scopes import EVERYWHERE, Scope
from puhui.ledger.api import HoldResolved
from puhui.programmes import api as programmes
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

VOID_ALONE_MG = 5_000_000


def void(
    member_id: str,
    activity_id: str,
    officer_id: str,
    reason_code: str,
    note: str,
    *,
    tables: Tables,
    now: datetime,
    scope: Scope = EVERYWHERE,
) -> Activity:
    """Void a held act, or propose it where it takes two. The same officer's same request again gets the same answer.

    Raises ActivityNotFound, OwnReview, NotHeld, VoidingDiffers.
    """
    if member_id == officer_id:
        raise OwnReview

    def build(session: Session) -> Activity:
        activity = tables.activities.acts.find(member_id, activity_id)
        if activity is None or not _covers(scope, activity.programme_id):
            raise ActivityNotFound
        given = activity.voiding
        if officer_id in (given.get("by"), given.get("second")) and given["reason_code"] == reason_code:
            return activity
        if activity.status != HELD:
            raise NotHeld
        if given and given["reason_code"] != reason_code:
            raise VoidingDiffers(reason=given["reason_code"])
        if given:
            given = {**given, "second": officer_id, "second_at": clock.to_text(now)}
        else:
            given = {"by": officer_id, "at": clock.to_text(now), "reason_code": reason_code, "note": note}
        if "second" not in given and activity.credits_mg > VOID_ALONE_MG:
            proposed = replace(activity, voiding=given)
            tables.activities.acts.change_status(session, activity, proposed)
            return proposed
        return add_refusal(
            session, activity, reason_code, given["note"], voiding=given, tables=tables, now=now
        )

    try:
        return attempt(tables.ledger.dynamodb, build)
    except (ActivityOpen, HoldResolved):  # somebody else came in between: what now?
        return attempt(tables.ledger.dynamodb, build)


def _covers(scope: Scope, programme_id: str) -> bool:
    return scope.everywhere or scope.covers(programme_id, programmes.jurisdiction_of(programme_id))


def voiding_body(activity: Activity) -> dict[str, Any]:
    """The contract's Voiding."""
    given = activity.voiding
    body = {
        "id": activity.id,
        "state": "voided" if activity.status == REFUSED else "proposed",
        "reason_code": given["reason_code"],
    }
    return {**body, "note": given["note"]} if given["note"] else body


def list_held(
    programme_id: str, limit: int, cursor: str | None, *, activities: Activities, cursors: Cursors
) -> Page[Activity]:
    """A page of a programme's held acts, the first to settle first. Raises ProgrammeNotFound."""
    programmes.programme(programme_id)
    scope = f"held:{programme_id}"
    found, last = activities.risk.page_of_held(programme_id, limit, cursors.read_id(scope, cursor))
    keys = [activities.acts.key(member_id, activity_id) for member_id, activity_id in found]
    acts = activities.acts.all_at(keys)
    return Page([act for act in acts if act.status == HELD], cursors.write_id(scope, last))


def held_body(activity: Activity) -> dict[str, Any]:
    """The contract's HeldActivity."""
    body: dict[str, Any] = {
        "id": activity.id,
        "member_id": activity.member_id,
        "programme_id": activity.programme_id,
        "behaviour": activity.behaviour,
        "title": programmes.behaviour_name(activity.programme_id, activity.behaviour),
        "occurred_at": clock.to_text(activity.occurred_at),
        "recorded_at": clock.to_text(activity.recorded_at),
        "settles_at": clock.to_text(activity.settles_at or activity.recorded_at),
        "credits_mg": activity.credits_mg,
        "quantity": dict(activity.quantity),
        "signals": [name.partition("@")[0] for name in activity.rules],
    }
    return {**body, "proposed": activity.voiding["reason_code"]} if activity.voiding else body
